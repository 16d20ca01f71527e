import { expect, test } from 'vitest';
import { randomValues, runKernel, worstError } from '../../testing/run-kernel.ts';
import { flatWorkgroups } from '../common/kernel.ts';
import { samplerStepConstants, samplerStepParams, samplerStepVariants } from './index.ts';
import { samplerStepReference } from './reference.ts';

// Four times the worst measured, 3.9e-7.
const tolerance = 1.5e-6;
const plane = 9;
const latents = randomValues(4 * plane, 1);
const coefficients = { sample: 1.01, prediction: -0.3, x0Sample: 1.5, x0Prediction: -1.1 };

test.each(
  samplerStepVariants.flatMap((kernel) =>
    [
      { batch: 1 as const, modelChannels: 4, guidanceChannels: 4, history: 0 },
      { batch: 1 as const, modelChannels: 4, guidanceChannels: 4, history: -0.7 },
      { batch: 1 as const, modelChannels: 4, guidanceChannels: 4, history: 0, n: 2, noise: 0.6 },
      { batch: 2 as const, modelChannels: 8, guidanceChannels: 3, history: -0.7, n: 1, noise: -0.9 },
      { batch: 2 as const, modelChannels: 4, guidanceChannels: 4, history: 0 },
      { batch: 2 as const, modelChannels: 8, guidanceChannels: 3, history: -0.7 },
    ].map((size) => ({ kernel, n: 0, noise: 0, ...size })),
  ),
)(
  '$kernel.name: batch $batch, CFG on $guidanceChannels of $modelChannels channels, history $history, noise $noise of step $n',
  async ({ kernel, history, guidanceChannels, n, noise, ...p }) => {
    const prediction = randomValues(p.batch * p.modelChannels * plane, 2);
    // Whatever an earlier run has left there means nothing to a step that does not look back.
    const before = history === 0 ? new Float32Array(latents.length).fill(Number.NaN) : randomValues(latents.length, 3);
    // Rows for three steps; a step that takes none may find anything there.
    const rows = noise === 0 ? Float32Array.of(Number.NaN) : randomValues(3 * latents.length, 4);
    const step = { n, guidanceScale: 4.5, guidanceChannels, ...coefficients, history, noise };
    const [moved, x0] = (await runKernel({
      kernel,
      constants: samplerStepConstants({ plane, modelChannels: p.modelChannels }),
      params: samplerStepParams(latents.length, p.batch),
      workgroups: flatWorkgroups(latents.length),
      storage: [prediction, latents, before, rows],
      step,
    })) as [Float32Array, Float32Array];
    const expected = samplerStepReference(
      { latents, x0: before, noise: rows.subarray(n * latents.length) },
      prediction,
      { ...p, latentChannels: 4, plane },
      step,
    );
    expect(worstError(moved, expected.latents)).toBeLessThan(tolerance);
    expect(worstError(x0, expected.x0)).toBeLessThan(tolerance);
  },
);
