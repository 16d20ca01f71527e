import { describe, expect, it } from 'vitest';
import { readJson, readTensors } from '../testing/goldens.ts';
import { TorchGenerator, torchRandn, torchRandnParts } from './torch.ts';

interface RandnGolden {
  first: number[];
  last: number[];
  sum: number;
}

const goldens = readJson('goldens/rng/torch_cpu_randn.json') as Record<string, RandnGolden>;

function sum(values: Float32Array): number {
  return values.reduce((total, value) => total + value, 0);
}

describe('torchRandn', () => {
  // Measured: every value of every case is bit-equal, and so is the f64 sum.
  it.each(Object.entries(goldens))('equals torch bit for bit: %s', (name, golden) => {
    const [, seed, count] = name.split(/seed|_n/).map(Number) as [number, number, number];
    const noise = torchRandn(seed, count);
    expect(noise).toHaveLength(count);
    expect([...noise.subarray(0, golden.first.length)]).toEqual(golden.first);
    expect([...noise.subarray(count - golden.last.length)]).toEqual(golden.last);
    expect(sum(noise)).toBe(golden.sum);
  });

  // Measured: all 3 x 1024 values bit-equal.
  it.each(['pizza', 'cat-face', 'butterfly'])('equals the initial latents of emoji-dit: %s', (name) => {
    const { cases } = readJson('goldens/emoji-dit/golden.json') as { cases: { name: string; seed: number }[] };
    const seed = cases.find((c) => c.name === name)?.seed as number;
    expect(torchRandn(seed, 4 * 16 * 16)).toEqual(readTensors('goldens/emoji-dit/golden.safetensors')[`${name}_init`]);
  });

  it('is standard normal far from the goldens', () => {
    const noise = torchRandn(123456789, 1_000_003);
    const mean = sum(noise) / noise.length;
    const variance = noise.reduce((total, value) => total + (value - mean) ** 2, 0) / noise.length;
    expect(Math.abs(mean)).toBeLessThan(5e-3);
    expect(Math.abs(variance - 1)).toBeLessThan(1e-2);
  });

  it('takes only the low 32 bits of a seed, as torch does', () => {
    expect(torchRandn(2n ** 32n + 7n, 20)).toEqual(torchRandn(7, 20));
    expect(torchRandn(2 ** 40 + 7, 3)).toEqual(torchRandn(7n, 3));
  });

  it.each([
    [5, 16],
    [64, 16],
    [100, 32],
    [1003, 100],
    [1040, 1024],
    [4096, 5000],
  ])('is the same in parts: %i values, %i at a time', (count, partSize) => {
    const parts = [...torchRandnParts(3, count, partSize)].map(({ length }) => length);
    const joined: number[] = [];
    for (const part of torchRandnParts(3, count, partSize)) joined.push(...part);
    expect(Float32Array.from(joined)).toEqual(torchRandn(3, count));
    expect(Math.max(...parts)).toBeLessThan(Math.max(16, partSize) + 16);
  });

  // torch 2, one generator of seed 7: randn(3), randn(3), randn(16) and so on, first and last value of each.
  it('goes on where the call before stopped, on both paths', () => {
    const generator = new TorchGenerator(7);
    const found = [3, 3, 16, 1, 20, 2, 64].map((count) => {
      const noise = generator.randn(count);
      return [noise[0], noise[count - 1]];
    });
    expect(found).toEqual([
      [-0.1467950940132141, 0.9468216300010681],
      [-1.1143440008163452, -0.8948279023170471],
      [0.609473466873169, -0.3452419638633728],
      [1.3954508304595947, 1.3954508304595947],
      [-0.08352822810411453, 1.5671237707138062],
      [1.3470226526260376, -0.18827147781848907],
      [1.5496190786361694, -0.5299631953239441],
    ]);
  });

  it('gives nothing for a count of 0', () => {
    expect(torchRandn(0, 0)).toHaveLength(0);
  });

  it.each([-1, 0.5, Number.NaN, 2 ** 53, -1n, 2n ** 64n])('refuses the seed %s', (seed) => {
    expect(() => torchRandn(seed, 4)).toThrow(expect.objectContaining({ code: 'bad-argument' }));
  });

  it.each([-1, 1.5, Number.NaN])('refuses the count %s', (count) => {
    expect(() => torchRandn(0, count)).toThrow(expect.objectContaining({ code: 'bad-argument' }));
  });
});
