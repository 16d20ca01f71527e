import { expect, test } from 'vitest';
import { randomValues, runKernel, worstError } from '../../testing/run-kernel.ts';
import { flatWorkgroups } from '../common/kernel.ts';
import { samplerStepConstants, samplerStepParams, samplerStepVariants } from './index.ts';
import { samplerStepReference } from './reference.ts';

// Four times the worst measured, 3.7e-7.
const tolerance = 1.5e-6;

test.each(
  samplerStepVariants.flatMap((kernel) =>
    [
      { batch: 1 as const, modelChannels: 4, guidanceChannels: 4 },
      { batch: 2 as const, modelChannels: 4, guidanceChannels: 4 },
      { batch: 2 as const, modelChannels: 8, guidanceChannels: 3 },
    ].map((size) => ({ kernel, ...size })),
  ),
)('$kernel.name: batch $batch, CFG on $guidanceChannels of $modelChannels channels', async ({ kernel, ...p }) => {
  const plane = 9;
  const latents = randomValues(4 * plane, 1);
  const prediction = randomValues(p.batch * p.modelChannels * plane, 2);
  const step = { guidanceScale: 4.5, guidanceChannels: p.guidanceChannels, sample: 1.01, prediction: -0.3 };
  const [output] = await runKernel({
    kernel,
    constants: samplerStepConstants({ plane, modelChannels: p.modelChannels }),
    params: samplerStepParams(latents.length, p.batch),
    workgroups: flatWorkgroups(latents.length),
    storage: [prediction, latents],
    step,
  });
  const size = { batch: p.batch, latentChannels: 4, modelChannels: p.modelChannels, plane };
  expect(worstError(output as Float32Array, samplerStepReference(latents, prediction, size, step))).toBeLessThan(
    tolerance,
  );
});
