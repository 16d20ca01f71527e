import { expect, it } from 'vitest';
import type { Measurement } from './comparison.ts';
import { summarize } from './summary.ts';
import { compareTable } from './table.ts';

/** One picture of a row, of which the first `full` of four steps were computed. */
function measurement(row: string, seed: number, full: number): Measurement {
  const steps = (count: number) => ({ ms: Array<number>(count).fill(10), gpuMs: null });
  return {
    row,
    seed,
    label: 1,
    policy: row,
    derived: false,
    steps: 4,
    ms: 40,
    gpuMs: null,
    flops: { executed: 100 * full, published: 100 * full },
    kinds: { full: steps(full), ...(full < 4 ? { skip: steps(4 - full) } : {}) },
    latentError: 0,
    psnr: null,
    ssim: null,
    peakGpuBytes: 1,
  };
}

it('takes means over the pairs, of which each may have other steps computed', () => {
  const measurements = [
    measurement('none', 1, 4),
    measurement('none', 2, 4),
    measurement('teacache', 1, 1),
    measurement('teacache', 2, 4),
  ];
  const settings = {
    model: 'tiny',
    thread: 'page',
    adapter: 'a',
    dtype: 'f32',
    kernels: {},
    steps: 4,
    guidanceScale: 3,
  } as const;
  const rows = summarize({ format: 'webdit-compare/1', settings, measurements }, ['none', 'teacache']);
  const [none, cached] = rows;
  expect(none?.flopRatio).toEqual({ executed: 1, published: 1 });
  expect(cached?.flopRatio.executed).toBeCloseTo(800 / 500, 12);
  expect(cached?.kinds.full?.count).toBe(2.5);
  // The second picture skipped nothing.
  expect(cached?.kinds.skip?.count).toBe(1.5);
  expect(compareTable(settings, rows).split('\n').at(-1)).toContain('| 2.5 / 1.5 |');
});
