import { expect, it } from 'vitest';
import { type DuelProgress, duel } from './duel.ts';
import { fakePipe } from './testing/fake-pipe.ts';

const match = { seed: 0, label: 3, cache: 'fora:4', steps: 4 } as const;

it('draws both in turns after one unmeasured run each, the other one first in the second round', async () => {
  const pipe = fakePipe();
  await duel(pipe, { ...match, rounds: 2 });
  expect(pipe.calls.map(({ cache, steps }) => `${cache}/${steps}`)).toEqual([
    ...['none/2', 'fora:4/4'],
    ...['none/4', 'fora:4/4'],
    ...['fora:4/4', 'none/4'],
  ]);
});

it('gives latency and FLOPs as two ratios, and the pictures’ distance', async () => {
  const result = await duel(fakePipe(), { ...match, rounds: 3 });
  // Two full steps of 10 ms and two of 1 ms, against four of 10 ms.
  expect(result.rounds).toEqual(Array(3).fill({ uncachedMs: 40, cachedMs: 22 }));
  expect(result.latencyRatio).toBeCloseTo(40 / 22, 12);
  expect(result.flopRatio).toBe(result.cached.report.flopRatio.executed);
  expect(result.flopRatio).not.toBeCloseTo(result.latencyRatio, 3);
  expect(result.latentError).toBeCloseTo(0.02, 6);
  expect(result.psnr).toBeCloseTo(20 * Math.log10(255 / 2), 9);
  expect(result.ssim).toBeLessThan(1);
});

it('reports every run, and a result after every round', async () => {
  const seen: DuelProgress[] = [];
  await duel(fakePipe(), { ...match, rounds: 2, onProgress: (progress) => seen.push(progress) });
  expect(seen.map(({ done }) => done)).toEqual([0, 1, 2, 3, 4, 4, 5, 6]);
  expect(new Set(seen.map(({ total }) => total))).toEqual(new Set([6]));
  expect(seen.map(({ result }) => result?.rounds.length ?? 0)).toEqual([0, 0, 0, 0, 1, 1, 1, 2]);
});

it('refuses rounds that are none, and stops with the signal’s reason', async () => {
  await expect(duel(fakePipe(), { ...match, rounds: 0 })).rejects.toThrow(/rounds is 0/);
  const reason = new Error('enough');
  await expect(duel(fakePipe(), { ...match, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});
