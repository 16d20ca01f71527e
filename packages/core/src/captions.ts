/** Rows of captions are rounded up to this, so that prompts of about one length share their buffers. */
const captionMultiple = 8;

/** Tokens that all rows of a run are padded to, by the tokens each has that are not hidden. */
export function captionLength(tokens: readonly number[]): number {
  return Math.ceil(Math.max(1, ...tokens) / captionMultiple) * captionMultiple;
}

/**
 * Embeddings `[tokens, width]` without the tokens that `mask` hides with 0: cross-attention knows no order, and a hidden token
 * changes nothing. Empty where all are hidden.
 */
export function visibleTokens(embeddings: Float32Array, mask: ArrayLike<number>, width: number): Float32Array {
  const seen = Array.from(mask, (_, token) => token).filter((token) => mask[token] !== 0);
  const visible = new Float32Array(seen.length * width);
  seen.forEach((token, i) => {
    visible.set(embeddings.subarray(token * width, (token + 1) * width), i * width);
  });
  return visible;
}
