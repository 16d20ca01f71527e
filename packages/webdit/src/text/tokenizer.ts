import { Tokenizer } from '@huggingface/tokenizers';
import { parseTolerantJson, WebDiTError } from '@webdit/core';
import type { FolderText } from '@webdit/weights';

/** A text as its encoder takes it. */
export interface Tokens {
  /** Always as many: the end token comes last, then padding. */
  readonly ids: readonly number[];
  /** 1 for a token that counts, 0 for padding. */
  readonly mask: readonly number[];
  /** Tokens that were left out because there were too many. */
  readonly surplus: number;
}

/** Splits texts as Hugging Face's tokenizers do, and brings them to one length. */
export class PromptTokenizer {
  private constructor(
    private readonly tokenizer: Tokenizer,
    private readonly padding: number,
    private readonly length: number,
  ) {}

  /** @throws WebDiTError `format` for files that are no tokenizer's. */
  static read(
    files: { readonly json: string; readonly config: string },
    { tokenizer: { path }, tokenizerConfig }: Pick<FolderText, 'tokenizer' | 'tokenizerConfig'>,
    length: number,
  ): PromptTokenizer {
    const json = parseTolerantJson(files.json, path) as object;
    const config = parseTolerantJson(files.config, tokenizerConfig.path) as { readonly pad_token?: unknown };
    try {
      const tokenizer = new Tokenizer(json, config);
      const { content = config.pad_token } = Object(config.pad_token) as { readonly content?: unknown };
      return new PromptTokenizer(tokenizer, tokenizer.token_to_id(String(content)) ?? 0, length);
    } catch (cause) {
      throw new WebDiTError(
        'format',
        `${path} is not a tokenizer that can be used.`,
        'Save the tokenizer again by transformers, or give { promptEmbeds }.',
        { cause },
      );
    }
  }

  encode(text: string): Tokens {
    const { ids } = this.tokenizer.encode(text);
    // What is added behind a text, `</s>`, stays when the text is cut.
    const added = ids.length - this.tokenizer.encode(text, { add_special_tokens: false }).ids.length;
    const surplus = Math.max(0, ids.length - this.length);
    const kept = ids.length - added - surplus;
    const counting = [...ids.slice(0, kept), ...ids.slice(ids.length - added)];
    const padding = Array.from({ length: this.length - counting.length }, () => this.padding);
    return { ids: [...counting, ...padding], mask: [...counting.map(() => 1), ...padding.map(() => 0)], surplus };
  }
}
