import { WebDiTError } from '@webdit/core';
import { converter, isFloatDType } from './safetensors/convert.ts';
import { formatShape } from './safetensors/dtypes.ts';
import { allFinite } from './safetensors/finite.ts';
import { formatError } from './safetensors/header.ts';
import {
  encodeSafetensors,
  type ParsedTensor,
  parseSafetensors,
  type TensorData,
  tensorToFloat32,
} from './safetensors/whole-file.ts';
import { type ModelSource, type OpenOptions, openRequired } from './source.ts';

/** What a text encoder made of captions, `[rows, tokens, width]`: a row for each. */
export interface Embeddings {
  readonly data: Float32Array<ArrayBuffer>;
  readonly shape: readonly [rows: number, tokens: number, width: number];
}

/** Which tokens of captions count, `[rows, tokens]`: 1 for those, 0 for padding. */
export interface AttentionMask {
  readonly data: Float32Array<ArrayBuffer>;
  readonly shape: readonly [rows: number, tokens: number];
}

/** Captions for a text model, under the names of diffusers' arguments. */
export interface PromptEmbeds {
  readonly promptEmbeds: Embeddings;
  /** Left out where all tokens count. */
  readonly promptAttentionMask?: AttentionMask;
  /** For classifier-free guidance: as many rows, and as wide. */
  readonly negativePromptEmbeds?: Embeddings;
  readonly negativePromptAttentionMask?: AttentionMask;
}

/** Where `webdit synth` puts captions for its models. */
export const promptEmbedsPath = 'prompt_embeds.safetensors';

const names = [
  'prompt_embeds',
  'prompt_attention_mask',
  'negative_prompt_embeds',
  'negative_prompt_attention_mask',
] as const;

type Tensors = ReadonlyMap<string, ParsedTensor>;

/**
 * Reads captions from a safetensors file with `prompt_embeds` and, if there are any, `prompt_attention_mask`,
 * `negative_prompt_embeds` and `negative_prompt_attention_mask`. Embeddings may be F32, F16 or BF16, masks integers too.
 * @param from the file's bytes, or a source that holds it.
 * @param options.path the file in the source, default `prompt_embeds.safetensors`; of bytes, a name for messages.
 * @throws WebDiTError `format` (no safetensors file, a missing or an unknown tensor, a type, a mask of other values than 0 and 1),
 *   `shape-mismatch` (rank, rows, tokens, width), `numeric` (NaN or infinity); what the source throws; `signal.reason`.
 */
export async function readPromptEmbeds(
  from: ModelSource | Uint8Array,
  { path = promptEmbedsPath, ...options }: OpenOptions & { readonly path?: string } = {},
): Promise<PromptEmbeds> {
  const bytes = from instanceof Uint8Array ? from : await (await openRequired(from, path, options)).bytes();
  const tensors: Tensors = parseSafetensors(bytes, path);
  const unknown = [...tensors.keys()].find((name) => !names.some((known) => known === name));
  if (unknown !== undefined)
    throw formatError(`${path} holds the tensor ${unknown}; captions are ${names.join(', ')}.`);
  const promptEmbeds = readEmbeddings(tensors, 'prompt_embeds', path);
  if (!promptEmbeds) throw formatError(`${path} has no tensor prompt_embeds.`);
  const negativePromptEmbeds = readEmbeddings(tensors, 'negative_prompt_embeds', path);
  if (negativePromptEmbeds) checkSame(negativePromptEmbeds, promptEmbeds, path);
  const promptAttentionMask = readMask(tensors, 'prompt', promptEmbeds, path);
  const negativePromptAttentionMask = readMask(tensors, 'negative_prompt', negativePromptEmbeds, path);
  return {
    promptEmbeds,
    ...(promptAttentionMask && { promptAttentionMask }),
    ...(negativePromptEmbeds && { negativePromptEmbeds }),
    ...(negativePromptAttentionMask && { negativePromptAttentionMask }),
  };
}

/**
 * The bytes of a safetensors file that `readPromptEmbeds` reads.
 * @param dtype of the embeddings; masks are F32.
 * @throws WebDiTError `shape-mismatch` when data and shape disagree.
 */
export function encodePromptEmbeds(prompts: PromptEmbeds, dtype: 'F32' | 'F16' = 'F32'): Uint8Array<ArrayBuffer> {
  const embeddings = ({ data, shape }: Embeddings): TensorData => ({ dtype, shape, data: narrowed(data, dtype) });
  const mask = ({ data, shape }: AttentionMask): TensorData => ({ dtype: 'F32', shape, data });
  const { promptAttentionMask, negativePromptEmbeds, negativePromptAttentionMask } = prompts;
  const tensors: Partial<Record<(typeof names)[number], TensorData>> = {
    prompt_embeds: embeddings(prompts.promptEmbeds),
    ...(promptAttentionMask && { prompt_attention_mask: mask(promptAttentionMask) }),
    ...(negativePromptEmbeds && { negative_prompt_embeds: embeddings(negativePromptEmbeds) }),
    ...(negativePromptAttentionMask && { negative_prompt_attention_mask: mask(negativePromptAttentionMask) }),
  };
  return encodeSafetensors(tensors);
}

function narrowed(data: Float32Array<ArrayBuffer>, dtype: 'F32' | 'F16'): ArrayBufferView {
  const convert = converter('F32', dtype);
  if (!convert) return data;
  const halves = new Uint16Array(data.length);
  const { buffer } = data.slice();
  convert(buffer, halves.buffer, data.length);
  return halves;
}

function readEmbeddings(tensors: Tensors, name: string, path: string): Embeddings | null {
  const tensor = tensors.get(name);
  if (!tensor) return null;
  const { dtype, shape, data } = tensor;
  const [rows = 0, tokens = 0, width = 0] = shape;
  if (shape.length !== 3 || rows * tokens * width === 0) {
    throw mismatch(`Tensor ${name} of ${path} has shape ${formatShape(shape)}; embeddings are [rows, tokens, width].`);
  }
  if (!isFloatDType(dtype))
    throw formatError(`Tensor ${name} of ${path} is ${dtype}; embeddings are F32, F16 or BF16.`);
  if (!allFinite(dtype, data.buffer, rows * tokens * width)) {
    throw new WebDiTError(
      'numeric',
      `Tensor ${name} of ${path} holds NaN or infinity.`,
      'Run the text encoder in a wider type and save its output again.',
    );
  }
  return { data: tensorToFloat32(tensor), shape: [rows, tokens, width] };
}

function checkSame({ shape: [rows, , width] }: Embeddings, { shape: [first, , wide] }: Embeddings, path: string): void {
  if (rows === first && width === wide) return;
  throw mismatch(
    `negative_prompt_embeds of ${path} has ${rows} rows of width ${width}, but prompt_embeds ${first} of width ${wide}.`,
  );
}

function readMask(
  tensors: Tensors,
  prompt: 'prompt' | 'negative_prompt',
  embeddings: Embeddings | null,
  path: string,
): AttentionMask | null {
  const name = `${prompt}_attention_mask`;
  const tensor = tensors.get(name);
  if (!tensor) return null;
  if (!embeddings) throw formatError(`${path} holds ${name}, but no ${prompt}_embeds.`);
  const [rows, tokens] = embeddings.shape;
  if (formatShape(tensor.shape) !== formatShape([rows, tokens])) {
    throw mismatch(
      `Tensor ${name} of ${path} has shape ${formatShape(tensor.shape)}; ${prompt}_embeds asks for ${formatShape([rows, tokens])}.`,
    );
  }
  const data = tensorToFloat32(tensor);
  if (!data.every((value) => value === 0 || value === 1)) {
    throw formatError(`Tensor ${name} of ${path} holds other values than 0 and 1.`);
  }
  for (let row = 0; row < rows; row++) {
    if (data.subarray(row * tokens, (row + 1) * tokens).includes(1)) continue;
    throw formatError(`Tensor ${name} of ${path} leaves no token of row ${row}.`);
  }
  return { data, shape: [rows, tokens] };
}

function mismatch(message: string): WebDiTError {
  return new WebDiTError(
    'shape-mismatch',
    message,
    'Save what the text encoder returns for a batch of captions, and its tokenizer’s attention mask, as they are.',
  );
}
