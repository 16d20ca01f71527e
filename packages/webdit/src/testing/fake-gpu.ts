import type { IncomingTensor, RunPlan } from '@webdit/core';
import { vi } from 'vitest';

/** A device and a model without a GPU, for what happens around them. Weights are dropped; `latents` is what a run gives. */
export function fakeGpu() {
  const holder = {
    device: { limits: { maxBufferSize: 2 ** 28 } },
    maxStorageBufferBindingSize: 2 ** 27,
    features: new Set<string>(),
    adapterInfo: { vendor: '', architecture: '', device: '', description: 'fake', isFallback: true },
    check: vi.fn(),
    destroy: vi.fn(),
  };
  const latents = vi.fn((size: number) => new Float32Array(size));
  const model = {
    sink: { begin: ({ sourceDType }: IncomingTensor) => ({ dtype: sourceDType, write: () => {}, end: () => {} }) },
    kernels: {},
    tuning: { source: 'static', ms: 0, excluded: [] } as const,
    bytes: { current: 0, peak: 0 },
    finishLoading: vi.fn(async () => {}),
    run: async (_plan: RunPlan, init: Float32Array) => ({
      latents: latents(init.length),
      steps: [],
      waits: { final: 1, probe: 0 },
      peakBytes: 0,
    }),
    dispose: vi.fn(),
  };
  return { holder, model, latents };
}
