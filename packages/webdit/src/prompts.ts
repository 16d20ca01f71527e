import { visibleTokens, WebDiTError } from '@webdit/core';
import { readPromptEmbeds } from '@webdit/weights';
import { badArgument, refuseUnknownKeys, show } from './check-values.ts';
import type { Embeddings, PipelineInfo, PromptInput, WarningEvent } from './types.ts';

/** The text of a row as the engine takes it: what padding there was, and what is too much, left out. */
export interface PromptRow {
  /** `[tokens, width]`. */
  readonly embeddings: Float32Array;
}

export interface CheckedPrompts {
  /** The prompt's, then with guidance the negative one's. */
  readonly rows: readonly PromptRow[];
  readonly warnings: readonly WarningEvent[];
}

type TextInfo = Pick<NonNullable<PipelineInfo['model']['text']>, 'width' | 'maxTokens'>;

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
  const row = (name: string, embeddings: Embeddings, mask: ArrayLike<number> | null | undefined): PromptRow => {
    const seen = checkRow(name, embeddings, mask ?? null, text.width);
    const tokens = seen.length / text.width;
    if (tokens <= text.maxTokens) return { embeddings: seen };
    const rest = tokens - text.maxTokens;
    warnings.push({
      code: 'prompt-cut',
      message: `${name} has ${tokens} tokens, and this model reads ${text.maxTokens}: the last ${rest} are left out.`,
    });
    return { embeddings: seen.slice(0, text.maxTokens * text.width) };
  };
  const prompt = row('promptEmbeds', given.promptEmbeds, given.promptAttentionMask);
  const { negativePromptEmbeds: negative } = given;
  if (!negative && guided) {
    throw badArgument(
      'Guidance needs the embeddings of a negative prompt, and there are none.',
      'Give negativePromptEmbeds, such as those of an empty text, or guidanceScale: 1.',
    );
  }
  const rows = [
    prompt,
    ...(negative ? [row('negativePromptEmbeds', negative, given.negativePromptAttentionMask)] : []),
  ];
  return { rows: guided ? rows : [prompt], warnings };
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
  const read = await readPromptEmbeds(bytes, { path: 'promptEmbeds' });
  return {
    promptEmbeds: read.promptEmbeds,
    promptAttentionMask: read.promptAttentionMask?.data,
    negativePromptEmbeds: read.negativePromptEmbeds,
    negativePromptAttentionMask: read.negativePromptAttentionMask?.data,
  };
}

/** Embeddings of the tokens that are not hidden, `[tokens, width]`. */
function checkRow(name: string, embeddings: Embeddings, mask: ArrayLike<number> | null, width: number): Float32Array {
  const { data, shape } = embeddings ?? {};
  if (!(data instanceof Float32Array) || !Array.isArray(shape)) {
    throw badArgument(`${name} is ${show(embeddings)}.`, 'Give { data: Float32Array, shape: [tokens, width] }.');
  }
  const [tokens = 0, wide] = shape.length === 3 && shape[0] === 1 ? shape.slice(1) : shape;
  const isRow = shape.length === 2 || (shape.length === 3 && shape[0] === 1);
  if (!isRow || !Number.isInteger(tokens) || tokens < 1 || wide !== width || data.length !== tokens * width) {
    throw new WebDiTError(
      'shape-mismatch',
      `${name} has shape [${shape.join(', ')}] and ${data.length} values, where this model needs [tokens, ${width}].`,
      'Give what the text encoder of this model returns for one prompt.',
    );
  }
  if (mask !== null && mask.length !== tokens) {
    throw new WebDiTError(
      'shape-mismatch',
      `The mask of ${name} has ${mask.length} values for ${tokens} tokens.`,
      "Give the tokenizer's attention mask, one value a token.",
    );
  }
  if (!data.every(Number.isFinite)) {
    throw new WebDiTError('numeric', `${name} holds NaN or infinity.`, 'Run the text encoder in a wider type.');
  }
  if (mask === null) return data;
  const seen = visibleTokens(data, mask, width);
  if (seen.length > 0) return seen;
  throw badArgument(
    `The mask of ${name} hides every token.`,
    'Give 1 for the tokens of the prompt, its end token too.',
  );
}
