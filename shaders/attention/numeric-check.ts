import { noise } from '../common/noise.ts';
import { type AttentionResult, attentionReference, type SelfAttentionSize } from './reference.ts';

/** Worst deviation over the output's root mean square, at four times the largest measured on the two software adapters: 4.0e-6. */
export const attentionTolerance = 1.6e-5;

/** A small self-attention with a known result. */
export interface AttentionNumericCheck {
  readonly size: SelfAttentionSize;
  /** `[batch, tokens, 3, heads, headDim]`. */
  readonly qkv: Float32Array;
  readonly expected: AttentionResult;
  readonly tolerance: number;
}

/** What decides on an adapter whether a kernel for this head dim may be used there. */
export function attentionNumericCheck(headDim: number): AttentionNumericCheck {
  // Queries beyond one workgroup, keys beyond two tiles, and a rest of both.
  const size = { batch: 1, tokens: 67, heads: 2, headDim };
  // Up to 3, so that some keys count and others do not.
  const qkv = new Float32Array(noise(size.tokens * 3 * size.heads * headDim, 'f32').buffer).map((value) => value * 96);
  return { size, qkv, expected: attentionReference(qkv, size), tolerance: attentionTolerance };
}
