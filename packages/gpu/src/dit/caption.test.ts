import { expect, test } from 'vitest';
import { type Caption, packCaptions } from './caption.ts';

/** Tokens of two channels: `[first, 10 first]`, then of `first + 1` and so on. */
function caption(first: number, tokens: number, mask?: number[]): Caption {
  const embeddings = Float32Array.from({ length: 2 * tokens }, (_, i) => (first + (i >> 1)) * (i % 2 ? 10 : 1));
  return { embeddings, ...(mask ? { mask } : {}) };
}

const rows = (values: Float32Array | Uint32Array, length: number) =>
  Array.from({ length: values.length / length }, (_, row) => [...values.subarray(row * length, (row + 1) * length)]);

test('hidden tokens are left out, wherever they are, and shorter prompts padded', () => {
  const { keys, embeddings, mask } = packCaptions([caption(1, 3), caption(5, 4, [0, 1, 0, 1])], 2);
  expect(keys).toBe(8);
  expect(rows(embeddings, 16)).toEqual([
    [...[1, 10, 2, 20, 3, 30], ...Array(10).fill(0)],
    [...[6, 60, 8, 80], ...Array(12).fill(0)],
  ]);
  expect(rows(mask, 8)).toEqual([
    [1, 1, 1, 0, 0, 0, 0, 0],
    [1, 1, 0, 0, 0, 0, 0, 0],
  ]);
});

test('of a prompt that is all hidden all is seen', () => {
  const { embeddings, mask } = packCaptions([caption(1, 2, [0, 0])], 2);
  expect([...mask]).toEqual([1, 1, 0, 0, 0, 0, 0, 0]);
  expect([...embeddings.subarray(0, 5)]).toEqual([1, 10, 2, 20, 0]);
});

test('the longest prompt decides the length, in eights of tokens that are seen', () => {
  const keysOf = (...tokens: number[]) =>
    packCaptions(
      tokens.map((count) => caption(0, count)),
      2,
    ).keys;
  expect([keysOf(1), keysOf(8), keysOf(9), keysOf(3, 17), keysOf(120, 1)]).toEqual([8, 8, 16, 24, 120]);
  const mask = Array.from({ length: 20 }, (_, token) => Number(token < 8));
  expect(packCaptions([caption(0, 20, mask)], 2).keys).toBe(8);
});

test.each<[string, Caption, string]>([
  ['half a token', { embeddings: new Float32Array(5) }, 'Prompt embeddings of 5 values are not tokens of 2.'],
  ['no token', { embeddings: new Float32Array(0) }, 'Prompt embeddings of 0 values are not tokens of 2.'],
  [
    'a mask of another length',
    caption(1, 3, [1, 1]),
    'Prompt embeddings of 6 values and a mask of 2 are not tokens of 2.',
  ],
])('%s is refused', (_, wrong, message) => {
  expect(() => packCaptions([caption(1, 2), wrong], 2)).toThrow(
    expect.objectContaining({ code: 'shape-mismatch', message, remedy: expect.stringContaining('[tokens, 2]') }),
  );
});
