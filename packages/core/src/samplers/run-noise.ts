import type { SamplerStep } from '../plan.ts';
import type { TorchGenerator } from '../rng/torch.ts';

/** Rows of noise that a run needs, one for each step up to the last that takes any; 0 for most samplers. */
export function noiseRows(steps: readonly Pick<SamplerStep, 'noise'>[]): number {
  return steps.findLastIndex(({ noise }) => noise !== 0) + 1;
}

/**
 * Noise of a run's steps, `[noiseRows, count]`: row n is step n's, drawn in order by the steps that take any. diffusers draws the
 * initial latents from the same generator, before.
 *
 * @param count values of the latents.
 */
export function drawNoise(
  generator: TorchGenerator,
  steps: readonly Pick<SamplerStep, 'noise'>[],
  count: number,
): Float32Array<ArrayBuffer> {
  const rows = new Float32Array(noiseRows(steps) * count);
  for (const [n, { noise }] of steps.entries()) {
    if (noise !== 0) rows.set(generator.randn(count), n * count);
  }
  return rows;
}
