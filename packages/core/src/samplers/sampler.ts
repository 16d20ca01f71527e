import { WebDiTError } from '../errors.ts';
import type { SamplerStep } from '../plan.ts';
import { type DdimSpec, ddimSteps } from './ddim.ts';
import { type DpmppSpec, dpmppSpacings, dpmppSteps } from './dpmpp.ts';
import { ditNoiseSchedule } from './noise-schedule.ts';
import { timestepSpacings } from './timesteps.ts';

/** A sampler and all that fixes its numbers. One member per file of this folder. */
export type SamplerSpec = DdimSpec | DpmppSpec;

/** The sampler of the original DiT, for checkpoints that carry no scheduler config. */
export const ditSampler: DdimSpec = {
  kind: 'ddim',
  spacing: 'respaced',
  noise: ditNoiseSchedule,
  stepsOffset: 0,
  finalAlphaOne: true,
};

/** The name a plan and a schedule carry, such as `ddim-respaced`. */
export function samplerName(spec: Pick<SamplerSpec, 'kind' | 'spacing'>): string {
  return `${spec.kind}-${spec.spacing}`;
}

/**
 * The sampler of that name for a model: `ddim` and `dpmpp` are the folder's own where it is of that kind, else `ddim-respaced` and
 * `dpmpp-linspace`; any other is the folder's noise schedule with other steps.
 *
 * @throws WebDiTError `bad-argument` for a name that no sampler has.
 */
export function chooseSampler(name: string, folder: SamplerSpec): SamplerSpec {
  const all = [folder, ...samplersLike(folder)];
  const found = all.find((spec) => name === spec.kind || name === samplerName(spec));
  if (found) return found;
  throw new WebDiTError(
    'bad-argument',
    `There is no sampler "${name}".`,
    `Use ddim or dpmpp, or one with its timesteps: ${samplersLike(folder).map(samplerName).join(', ')}.`,
  );
}

/** Every sampler for a model, those that a bare kind means first. */
function samplersLike(folder: SamplerSpec): SamplerSpec[] {
  const { noise, stepsOffset } = folder;
  const finalAlphaOne = folder.kind !== 'ddim' || folder.finalAlphaOne;
  return [
    ...timestepSpacings.map((spacing) => ({ kind: 'ddim', spacing, noise, stepsOffset, finalAlphaOne }) as const),
    ...dpmppSpacings.map((spacing) => ({ kind: 'dpmpp', spacing, noise, stepsOffset }) as const),
  ];
}

/** @throws WebDiTError `bad-argument` for a name that no sampler has. */
export function checkSamplerName(name: string): string {
  chooseSampler(name, ditSampler);
  return name;
}

/**
 * Timesteps and update coefficients of a run, in denoising order.
 *
 * @throws WebDiTError `bad-argument` for a bad number of steps.
 */
export function samplerSteps(spec: SamplerSpec, steps: number): SamplerStep[] {
  switch (spec.kind) {
    case 'ddim':
      return ddimSteps(spec, steps);
    case 'dpmpp':
      return dpmppSteps(spec, steps);
  }
}
