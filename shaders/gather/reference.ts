/** Rows of `input` `[batch, tokens, C]` by `ids` `[batch, tokens]`, of which each batch row's first `selected` count. */
export function gatherReference(
  input: Float32Array,
  ids: Uint32Array,
  { batch, tokens, selected, C }: Record<'batch' | 'tokens' | 'selected' | 'C', number>,
): number[] {
  const chosen = Array.from({ length: batch }, (_, b) => [...ids.subarray(b * tokens, b * tokens + selected)]);
  return chosen.flatMap((row, b) =>
    row.flatMap((id) => [...input.subarray((b * tokens + id) * C, (b * tokens + id + 1) * C)]),
  );
}
