import { type FolderText, type ModelFolder, type ModelSource, type TextFile, textFiles } from '@webdit/weights';
import { nextTask } from '../abortable.ts';
import type { EncodedText, EncodeHooks } from '../driver.ts';
import type { WasmPaths } from '../types.ts';
import { staysLoaded } from './encoder-memory.ts';
import { EncoderSession } from './encoder-session.ts';
import { readFiles } from './read-files.ts';
import { noEncoder } from './refusals.ts';
import { PromptTokenizer } from './tokenizer.ts';

// Imported on demand: runs whose prompts are embeddings do without all of this.

/** How many texts are remembered. */
const remembered = 16;

export interface PromptEncoderParts {
  readonly source: ModelSource;
  readonly text: FolderText;
  /** Of embeddings. */
  readonly width: number;
  /** Of every encoded text, padding included. */
  readonly maxTokens: number;
  readonly wasmPaths: WasmPaths | null;
}

type Hooks = EncodeHooks & { readonly signal: AbortSignal };

/** Makes embeddings of texts: fetches tokenizer and encoder when the first text asks for them. One call at a time. */
export class PromptEncoder {
  private tokenizer: PromptTokenizer | null = null;
  private session: EncoderSession | null = null;
  /** Oldest first. */
  private readonly known = new Map<string, EncodedText>();

  constructor(
    private readonly parts: PromptEncoderParts,
    private readonly stays = staysLoaded(parts.text),
  ) {}

  /** That of a folder. @throws WebDiTError `unsupported-config` where there is none. */
  static of(
    { config, text }: Pick<ModelFolder, 'config' | 'text'>,
    files: Pick<PromptEncoderParts, 'source' | 'wasmPaths'>,
  ): PromptEncoder {
    if (config.kind !== 'pixart' || !text) throw noEncoder();
    return new PromptEncoder({ ...files, text, width: config.captionChannels, maxTokens: config.maxCaptionTokens });
  }

  /**
   * Encodes texts one after the other. Where memory is short the encoder is gone afterwards.
   * @throws WebDiTError `network`, `not-found`, `integrity`, `format`, `shape-mismatch`, `out-of-memory`; the signal's reason.
   */
  async encode(texts: readonly string[], hooks: Hooks): Promise<readonly EncodedText[]> {
    try {
      const encoded: EncodedText[] = [];
      for (const text of texts) {
        await nextTask();
        hooks.signal.throwIfAborted();
        encoded.push(await this.encodeOne(text, hooks));
      }
      hooks.signal.throwIfAborted();
      // Whoever gets them may change them.
      return encoded.map((each) => ({ ...each, embeddings: each.embeddings.slice() }));
    } finally {
      if (!this.stays) await this.dispose();
    }
  }

  /** Frees the encoder's memory; the next text loads it again. */
  async dispose(): Promise<void> {
    const { session } = this;
    this.session = null;
    await session?.release();
  }

  private async encodeOne(text: string, hooks: Hooks): Promise<EncodedText> {
    // As diffusers' PixArt pipelines prepare a caption that they do not clean.
    const caption = text.toLowerCase().trim();
    const known = this.known.get(caption);
    this.known.delete(caption);
    const encoded = known ?? (await this.compute(caption, hooks));
    this.known.set(caption, encoded);
    for (const oldest of this.known.keys()) if (this.known.size > remembered) this.known.delete(oldest);
    return encoded;
  }

  private async compute(caption: string, hooks: Hooks): Promise<EncodedText> {
    const { tokenizer, session } = await this.load(hooks);
    const tokens = tokenizer.encode(caption);
    const embeddings = await session.run(tokens, this.parts.width);
    const { mask, surplus } = tokens;
    return { embeddings, mask, surplus };
  }

  private async load(hooks: Hooks) {
    const { source, text, maxTokens, wasmPaths } = this.parts;
    if (this.tokenizer && this.session) return { tokenizer: this.tokenizer, session: this.session };
    const isNeeded = ({ path }: TextFile) => !this.tokenizer || path.startsWith('text_encoder/');
    const files = await readFiles(source, textFiles(text).filter(isNeeded), hooks);
    const bytes = ({ path }: TextFile) => files.get(path) as Uint8Array<ArrayBuffer>;
    const utf8 = (file: TextFile) => new TextDecoder().decode(bytes(file));
    this.tokenizer ??= PromptTokenizer.read(
      { json: utf8(text.tokenizer), config: utf8(text.tokenizerConfig) },
      text,
      maxTokens,
    );
    const model = { model: bytes(text.encoder), externalData: text.externalData && bytes(text.externalData) };
    this.session = await EncoderSession.create(model, text, { wasmPaths, signal: hooks.signal });
    return { tokenizer: this.tokenizer, session: this.session };
  }
}
