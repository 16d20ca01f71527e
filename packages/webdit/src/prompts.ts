import { WebDiTError } from '@webdit/core';
import { type PromptEmbeds as CaptionFile, readPromptEmbeds } from '@webdit/weights';
import { badArgument, refuseUnknownKeys, show } from './check-values.ts';
import type { Embeddings, PipelineInfo, PromptInput, WarningEvent } from './types.ts';

/** The text of a run's rows as the engine takes it: hidden and surplus tokens are left out. */
export interface PromptRow {
  /** `[tokens, width]`. */
  readonly embeddings: Float32Array;
  /** `[tokens]`, 0 hides a token. */
  readonly mask: Uint8Array;
}

export interface CheckedPrompts {
  /** The prompt's, then with guidance the negative one's. */
  readonly rows: readonly PromptRow[];
  readonly warnings: readonly WarningEvent[];
}

type TextInfo = NonNullable<PipelineInfo['model']['text']>;

const file = 'promptEmbeds';
const keys = ['promptEmbeds', 'promptAttentionMask', 'negativePromptEmbeds', 'negativePromptAttentionMask'];

/**
 * Reads and checks the prompt of a `generate` call.
 * @param guided whether the run has a second row, for the negative prompt.
 * @throws WebDiTError `bad-argument` for what is missing or no prompt, `shape-mismatch` for embeddings of another width or rank, or a
 *   mask of another length; `format` and `numeric` for a file that holds no prompts.
 */
export async function readPrompts(input: PromptInput, guided: boolean, text: TextInfo): Promise<CheckedPrompts> {
  refuseUnknownKeys(input, keys, 'The first argument of generate()');
  const given = await readInput(input);
  const warnings: WarningEvent[] = [];
  const row = (name: string, embeddings: Embeddings, mask: ArrayLike<number> | undefined): PromptRow => {
    const whole = checkRow(name, embeddings, mask, text.width);
    const tokens = whole.mask.length;
    if (tokens <= text.maxTokens) return whole;
    warnings.push({
      code: 'prompt-cut',
      message: `${name} has ${tokens} tokens, and this model reads ${text.maxTokens}: the last ${tokens - text.maxTokens} are left out.`,
    });
    return {
      embeddings: whole.embeddings.slice(0, text.maxTokens * text.width),
      mask: whole.mask.slice(0, text.maxTokens),
    };
  };
  const prompt = row('promptEmbeds', given.promptEmbeds, given.promptAttentionMask);
  if (!guided) return { rows: [prompt], warnings };
  if (!given.negativePromptEmbeds) {
    throw badArgument(
      'Guidance needs the embeddings of a negative prompt, and there are none.',
      'Give negativePromptEmbeds, such as those of an empty text, or guidanceScale: 1.',
    );
  }
  const negative = row('negativePromptEmbeds', given.negativePromptEmbeds, given.negativePromptAttentionMask);
  return { rows: [prompt, negative], warnings };
}

interface Given {
  readonly promptEmbeds: Embeddings;
  readonly promptAttentionMask?: ArrayLike<number> | undefined;
  readonly negativePromptEmbeds?: Embeddings | undefined;
  readonly negativePromptAttentionMask?: ArrayLike<number> | undefined;
}

/** Arrays as they are, or what a safetensors file holds. */
async function readInput(input: PromptInput): Promise<Given> {
  const { promptEmbeds, ...others } = input;
  const isBytes = promptEmbeds instanceof Uint8Array || promptEmbeds instanceof ArrayBuffer;
  if (!isBytes) return { ...others, promptEmbeds };
  const surplus = Object.keys(others)[0];
  if (surplus !== undefined) {
    throw badArgument(`${surplus} is given beside a file that holds the prompts.`, 'Leave it out, or give arrays.');
  }
  const bytes = promptEmbeds instanceof Uint8Array ? promptEmbeds : new Uint8Array(promptEmbeds);
  const read: CaptionFile = await readPromptEmbeds(bytes, { path: file });
  return {
    promptEmbeds: read.promptEmbeds,
    promptAttentionMask: read.promptAttentionMask?.data,
    negativePromptEmbeds: read.negativePromptEmbeds,
    negativePromptAttentionMask: read.negativePromptAttentionMask?.data,
  };
}

function checkRow(name: string, embeddings: Embeddings, mask: ArrayLike<number> | undefined, width: number): PromptRow {
  const { data, shape } = embeddings ?? {};
  if (!(data instanceof Float32Array) || !Array.isArray(shape)) {
    throw badArgument(`${name} is ${show(embeddings)}.`, 'Give { data: Float32Array, shape: [tokens, width] }.');
  }
  const [tokens = 0, wide] = shape.length === 3 && shape[0] === 1 ? shape.slice(1) : shape;
  const isRow = shape.length === 2 || (shape.length === 3 && shape[0] === 1);
  if (!isRow || wide !== width || data.length !== tokens * width || tokens === 0) {
    throw new WebDiTError(
      'shape-mismatch',
      `${name} has shape [${shape.join(', ')}] and ${data.length} values, where this model needs [tokens, ${width}].`,
      'Give what the text encoder of this model returns for one prompt.',
    );
  }
  if (mask !== undefined && mask.length !== tokens) {
    throw new WebDiTError(
      'shape-mismatch',
      `The mask of ${name} has ${mask.length} values for ${tokens} tokens.`,
      "Give the tokenizer's attention mask, one value a token.",
    );
  }
  if (!data.every(Number.isFinite)) {
    throw new WebDiTError('numeric', `${name} holds NaN or infinity.`, 'Run the text encoder in a wider type.');
  }
  return { embeddings: data, mask: Uint8Array.from({ length: tokens }, (_, i) => (mask && !mask[i] ? 0 : 1)) };
}
