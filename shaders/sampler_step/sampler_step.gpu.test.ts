import { expect, test } from 'vitest';
import { randomValues, runKernel, worstError } from '../../testing/run-kernel.ts';
import { flatWorkgroups } from '../common/kernel.ts';
import { samplerStepConstants, samplerStepParams, samplerStepVariants } from './index.ts';
import { samplerStepReference } from './reference.ts';

// Four times the worst measured, 3.7e-7.
const tolerance = 1.5e-6;
const plane = 9;
const latents = randomValues(4 * plane, 1);
const coefficients = { sample: 1.01, prediction: -0.3, x0Sample: 1.5, x0Prediction: -1.1 };

test.each(
  samplerStepVariants.flatMap((kernel) =>
    [
      { batch: 1 as const, modelChannels: 4, guidanceChannels: 4, history: 0 },
      { batch: 1 as const, modelChannels: 4, guidanceChannels: 4, history: -0.7 },
      { batch: 2 as const, modelChannels: 4, guidanceChannels: 4, history: 0 },
      { batch: 2 as const, modelChannels: 8, guidanceChannels: 3, history: -0.7 },
    ].map((size) => ({ kernel, ...size })),
  ),
)(
  '$kernel.name: batch $batch, CFG on $guidanceChannels of $modelChannels channels, history $history',
  async ({ kernel, history, guidanceChannels, ...p }) => {
    const prediction = randomValues(p.batch * p.modelChannels * plane, 2);
    // Whatever an earlier run has left there means nothing to a step that does not look back.
    const before = history === 0 ? new Float32Array(latents.length).fill(Number.NaN) : randomValues(latents.length, 3);
    const step = { guidanceScale: 4.5, guidanceChannels, ...coefficients, history };
    const [moved, x0] = (await runKernel({
      kernel,
      constants: samplerStepConstants({ plane, modelChannels: p.modelChannels }),
      params: samplerStepParams(latents.length, p.batch),
      workgroups: flatWorkgroups(latents.length),
      storage: [prediction, latents, before],
      step,
    })) as [Float32Array, Float32Array];
    const expected = samplerStepReference(
      { latents, x0: before },
      prediction,
      { ...p, latentChannels: 4, plane },
      step,
    );
    expect(worstError(moved, expected.latents)).toBeLessThan(tolerance);
    expect(worstError(x0, expected.x0)).toBeLessThan(tolerance);
  },
);
