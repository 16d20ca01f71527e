import { type TransformerConfig, WebDiTError } from '@webdit/core';
import { type ModelSource, missingFile, type OpenOptions, readJson } from '../source.ts';
import { ConfigReader, unsupported } from './config-reader.ts';

/** A file of which no more is known than its source says. */
export interface TextFile {
  /** Path inside the model folder. */
  readonly path: string;
  /** Null where the source does not say. */
  readonly bytes: number | null;
}

/** What makes embeddings of words: a tokenizer, and a T5 encoder as ONNX. None of it has been read but the encoder's config. */
export interface FolderText {
  readonly tokenizer: TextFile;
  readonly tokenizerConfig: TextFile;
  /** `input_ids` and `attention_mask`, int64 `[batch, tokens]` -> `last_hidden_state`, `[batch, tokens, width]`. */
  readonly encoder: TextFile;
  /** The encoder's weights, where they are a file of their own. */
  readonly externalData: TextFile | null;
}

const configPath = 'text_encoder/config.json';
const encoderPath = 'text_encoder/model.onnx';
/** As optimum names it; the encoder refers to it by its name alone. */
const externalDataPath = 'text_encoder/model.onnx_data';
const tokenizerPath = 'tokenizer/tokenizer.json';
const tokenizerConfigPath = 'tokenizer/tokenizer_config.json';

/** The files that encoding a prompt needs. */
export function textFiles({ tokenizer, tokenizerConfig, encoder, externalData }: FolderText): TextFile[] {
  return [tokenizer, tokenizerConfig, encoder, ...(externalData ? [externalData] : [])];
}

/**
 * The text encoder that a folder's index names; null with the reason where it names one that cannot be used, and without where it
 * names none. A model then takes prompts as embeddings.
 */
export async function readText(
  source: ModelSource,
  index: Readonly<Record<string, unknown>>,
  config: TransformerConfig,
  options: OpenOptions,
): Promise<{ readonly text: FolderText | null; readonly note: string | null }> {
  // Diffusers writes [null, null] for a part that was left out.
  const [, className] = Array.isArray(index.text_encoder) ? index.text_encoder : [];
  if (config.kind !== 'pixart' || typeof className !== 'string') return { text: null, note: null };
  try {
    return { text: await openText(source, config.captionChannels, options), note: null };
  } catch (error) {
    // Without it a model still takes embeddings; offline, where nobody has asked it for words yet, it is not stored.
    const known: readonly string[] = ['not-found', 'unsupported-config', 'network'];
    if (!(error instanceof WebDiTError) || !known.includes(error.code)) throw error;
    const note = `Prompts are taken as embeddings, since the text encoder cannot be used: ${error.message} ${error.remedy}`;
    return { text: null, note };
  }
}

/** @throws WebDiTError `unsupported-config`, `not-found`, `network`; `signal.reason`. */
async function openText(source: ModelSource, captionWidth: number, options: OpenOptions): Promise<FolderText> {
  // Its other keys change no number here: the ONNX has what they say.
  const config = new ConfigReader(await readJson(source, configPath, options), configPath);
  config.fixed('architectures', ['T5EncoderModel'], ['T5ForConditionalGeneration']);
  const width = config.count('d_model');
  if (width !== captionWidth) {
    throw unsupported(
      `${configPath} has d_model ${width}, but the transformer takes captions of width ${captionWidth}.`,
    );
  }
  const encoder = await find(source, encoderPath, options);
  if (!encoder) {
    throw new WebDiTError(
      'not-found',
      `${source.name} has no file ${encoderPath}.`,
      'Export the encoder as ONNX by optimum-cli export onnx, or give { promptEmbeds }, made in PyTorch.',
    );
  }
  return {
    encoder,
    externalData: await find(source, externalDataPath, options),
    tokenizer: await findRequired(source, tokenizerPath, options),
    tokenizerConfig: await findRequired(source, tokenizerConfigPath, options),
  };
}

async function findRequired(source: ModelSource, path: string, options: OpenOptions): Promise<TextFile> {
  const file = await find(source, path, options);
  if (file) return file;
  throw missingFile(source.name, path);
}

/** Opens a file to see whether it is there, and how large. */
async function find(source: ModelSource, path: string, options: OpenOptions): Promise<TextFile | null> {
  const file = await source.open(path, options);
  // Over HTTP it is on its way already.
  await file?.stream().cancel();
  return file && { path, bytes: file.size ?? null };
}
