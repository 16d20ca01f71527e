import { WebDiTError } from '../errors.ts';
import type { SamplerStep } from '../plan.ts';
import { type NoiseLevel, noiseLevel } from './diffusion.ts';
import { alphasCumprod } from './noise-schedule.ts';
import type { SamplerSpec } from './sampler.ts';

/**
 * The first step that a run from a picture computes, of `steps`: diffusers' `get_timesteps`. 0 is a whole run; `steps` itself
 * leaves none.
 *
 * @param strength share of the steps that are run, 0 to 1.
 * @throws WebDiTError `bad-argument` outside of that.
 */
export function firstStepOf(steps: number, strength: number): number {
  if (!(strength >= 0 && strength <= 1)) {
    throw new WebDiTError(
      'bad-argument',
      `The strength is ${String(strength)}, which is not from 0 to 1.`,
      'Pass 0 for the picture as it is, 1 for a new one, or a number between.',
    );
  }
  return steps - Math.min(Math.floor(steps * strength), steps);
}

/**
 * The steps of a run that begins at step `first`. A multistep sampler then knows no x0 from before it, and its first step is of first
 * order, as in a whole run: its own x0 stands for the one before.
 */
export function stepsFrom(steps: readonly SamplerStep[], first: number): SamplerStep[] {
  return steps.slice(first).map((step, n) => {
    if (n > 0 || step.history === 0) return step;
    const { history, x0Sample, x0Prediction } = step;
    return {
      ...step,
      sample: step.sample + history * x0Sample,
      prediction: step.prediction + history * x0Prediction,
      history: 0,
    };
  });
}

/**
 * Latents with as much noise as a step starts from, `x = alpha x0 + sigma noise`, in f64: `alpha` and `sigma` are the roots of alpha-bar
 * at its timestep and of the rest, and with flow matching `1 - sigma` and `sigma`. diffusers' `add_noise`.
 *
 * @param step the first that is run.
 * @param noise of the latents' length.
 */
export function addNoise(
  spec: SamplerSpec,
  step: SamplerStep,
  x0: ArrayLike<number>,
  noise: ArrayLike<number>,
): Float32Array<ArrayBuffer> {
  const { alpha, sigma } = levelAt(spec, step);
  return Float32Array.from(x0, (value, i) => alpha * value + sigma * (noise[i] as number));
}

function levelAt(spec: SamplerSpec, { timestep, x0Prediction }: SamplerStep): NoiseLevel {
  if (spec.kind !== 'euler') return noiseLevel(alphasCumprod(spec.noise)[timestep] as number);
  // The timestep is sigma in f32 arithmetic; x0 = x - sigma v has it exactly.
  const sigma = -x0Prediction;
  return { alpha: 1 - sigma, sigma };
}
