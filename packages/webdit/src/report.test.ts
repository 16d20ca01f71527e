import { compileRunPlan, ditSampler, executed, pixArtXl2, published, runFlops } from '@webdit/core';
import { describe, expect, it } from 'vitest';
import { buildReport, compareReports, type MeasuredRun } from './report.ts';
import { tinyDiT as model } from './testing/tiny-dit.ts';

const plan = compileRunPlan({ model, sampler: ditSampler, steps: 3, guidanceScale: 3, label: 1 });

/** An executor that took `ms` a step, and half of that on the GPU's own clock. */
function measured(ms: number, { gpuClock = true, peakBytes = 1000, of = plan } = {}): MeasuredRun {
  return {
    steps: of.steps.map(({ n, kind, flops }) => ({ n, kind, ms, flops, ...(gpuClock ? { gpuMs: ms / 2 } : {}) })),
    waits: { final: 1, probe: 0 },
    peakBytes,
  };
}
const others = {
  decodeMs: 5,
  device: 'webgpu',
  adapter: { vendor: 'v', architecture: '', device: '', description: '', isFallback: true },
  dtype: 'f16',
  math: 'f32',
  vaeBackend: 'wasm',
  kernels: { matmul: 'register' },
} as const;
const report = (...runs: MeasuredRun[]) => buildReport({ model, plan, runs, ...others });

describe('buildReport', () => {
  it('adds up pictures: times, both accounts of FLOPs, kinds, waits, the peak', () => {
    const made = report(measured(10), measured(20, { peakBytes: 3000 }));
    const full = { executed: executed(model, 2, { kind: 'full' }), published: published(model, 2, { kind: 'full' }) };
    expect(made.steps.map(({ image, n }) => [image, n])).toEqual([
      [0, 0],
      [0, 1],
      [0, 2],
      [1, 0],
      [1, 1],
      [1, 2],
    ]);
    expect(made.steps[0]?.flops).toEqual(full);
    expect(made.totals).toEqual({
      ms: 90,
      gpuMs: 45,
      decodeMs: 5,
      flops: { executed: 6 * full.executed, published: 6 * full.published },
      byKind: { full: { count: 6, ms: 90, gpuMs: 45 } },
    });
    expect(made.waits).toEqual({ final: 2, probe: 0 });
    expect(made.peakGpuBytes).toBe(3000);
    expect([made.policy, made.sampler, made.images]).toEqual(['none', 'ddim-respaced', 2]);
  });

  it('has FLOP ratios of 1 for a run that caches nothing', () => {
    expect(report(measured(10)).flopRatio).toEqual({ executed: 1, published: 1 });
  });

  it('counts a text model by the captions of its plan, in step 0 and in what it is held against', () => {
    const text = { model: pixArtXl2, sampler: ditSampler, steps: 6, guidanceScale: 3, captionTokens: 30 };
    const cached = compileRunPlan({ ...text, cache: 'procache' });
    const run = measured(10, { of: cached });
    const { flopRatio, totals } = buildReport({ ...others, model: pixArtXl2, plan: cached, runs: [run, run] });
    const flops = runFlops(pixArtXl2, cached);
    expect(flopRatio).toEqual({ executed: flops.executed.ratio, published: flops.published.ratio });
    expect(totals.flops).toEqual({ executed: 2 * flops.executed.total, published: 2 * flops.published.total });
  });

  it('gives no GPU time when any step lacks one', () => {
    const { totals } = report(measured(10), measured(10, { gpuClock: false }));
    expect(totals).not.toHaveProperty('gpuMs');
    expect(totals.byKind.full).toEqual({ count: 6, ms: 60 });
  });
});

it('compares time with time and FLOPs with FLOPs, per picture', () => {
  const slow = report(measured(30));
  const fast = report(measured(10), measured(20));
  expect(compareReports(slow, fast)).toEqual({ latencyRatio: 2, flopRatio: 1 });
});
