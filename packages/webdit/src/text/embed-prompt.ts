import { WebDiTError } from '@webdit/core';
import { type ModelSource, openModelFolder, type PromptEmbeds } from '@webdit/weights';
import { checkWords, requireText } from '../check-prompt.ts';
import { PromptReader } from '../pipeline-prompts.ts';
import type { Embeddings, EncodedPrompt, EncodePromptOptions, TextInput, WasmPaths } from '../types.ts';
import { encoderRefusal } from './encoder-memory.ts';
import { PromptEncoder } from './prompt-encoder.ts';

/** How `embedPrompt` works. */
export interface EmbedPromptOptions extends Omit<EncodePromptOptions, 'guidanceScale'> {
  /** Where onnxruntime-web's files are. */
  readonly wasmPaths: WasmPaths;
}

const remedy = "Make the embeddings with the model's own text encoder in PyTorch.";

/**
 * What a folder's text encoder makes of a prompt and of its negative one, as a pipeline's `encodePrompt` gives it. Needs no GPU, and
 * reads no weights of the transformer.
 * @throws WebDiTError `bad-argument` for a model of classes, `unsupported-config` without a text encoder; `not-found`, `network`,
 *   `integrity`, `format`, `shape-mismatch`, `out-of-memory`; `signal.reason`.
 */
export async function embedPrompt(
  source: ModelSource,
  input: TextInput,
  { wasmPaths, signal = new AbortController().signal, onProgress = () => {}, onWarning }: EmbedPromptOptions,
): Promise<PromptEmbeds> {
  checkWords(input);
  const { config, text, notes } = await openModelFolder(source, { signal });
  const { width, maxTokens } = requireText(
    config.kind === 'pixart'
      ? { width: config.captionChannels, maxTokens: config.maxCaptionTokens, prompts: text !== null }
      : null,
  );
  if (!text) {
    const why = notes.find((note) => note.includes('text encoder')) ?? remedy;
    throw new WebDiTError('unsupported-config', `${source.name} has no text encoder that can be used here.`, why);
  }
  const refusal = encoderRefusal(text);
  if (refusal) throw new WebDiTError(refusal.code, refusal.message, remedy);
  const encoder = PromptEncoder.of({ config, text }, { source, wasmPaths });
  const driver = { encodeTexts: (texts: readonly string[]) => encoder.encode(texts, { signal, onProgress }) };
  const reading = { alive: () => driver, signal, onProgress, onWarning };
  try {
    return inRows(await new PromptReader().encode(input, true, { width, maxTokens }, reading));
  } finally {
    await encoder.dispose();
  }
}

/** As the file's reader gives it: masks have rows, too. */
function inRows({ promptEmbeds, negativePromptEmbeds, ...masks }: EncodedPrompt): PromptEmbeds {
  const embeddings = ({ data, shape: [rows = 0, tokens = 0, width = 0] }: Embeddings) => ({
    data: Float32Array.from(data),
    shape: [rows, tokens, width] as const,
  });
  const mask = (values: readonly number[]) => ({ data: Float32Array.from(values), shape: [1, values.length] as const });
  const { promptAttentionMask, negativePromptAttentionMask } = masks;
  return {
    promptEmbeds: embeddings(promptEmbeds),
    promptAttentionMask: mask(promptAttentionMask),
    ...(negativePromptEmbeds && { negativePromptEmbeds: embeddings(negativePromptEmbeds) }),
    ...(negativePromptAttentionMask && { negativePromptAttentionMask: mask(negativePromptAttentionMask) }),
  };
}
