import { WebDiTError } from '../errors.ts';
import type { SamplerStep } from '../plan.ts';
import { type DdimSpec, ddimSteps } from './ddim.ts';
import { type DdpmSpec, ddpmSteps } from './ddpm.ts';
import { type DpmppSpec, dpmppSpacings, dpmppSteps } from './dpmpp.ts';
import { type EulerSpec, eulerSteps } from './euler.ts';
import { ditNoiseSchedule } from './noise-schedule.ts';
import { timestepSpacings } from './timesteps.ts';

/** A sampler and all that fixes its numbers. One member per file of this folder. */
export type SamplerSpec = DdimSpec | DdpmSpec | DpmppSpec | EulerSpec;

/** The sampler of the original DiT, for checkpoints that carry no scheduler config. */
export const ditSampler: DdimSpec = {
  kind: 'ddim',
  spacing: 'respaced',
  noise: ditNoiseSchedule,
  predictionType: 'epsilon',
  stepsOffset: 0,
  finalAlphaOne: true,
};

/** The name a plan and a schedule carry, such as `ddim-respaced`. */
export function samplerName(spec: Pick<SamplerSpec, 'kind' | 'spacing'>): string {
  return `${spec.kind}-${spec.spacing}`;
}

/**
 * The sampler of that name for a model. A bare kind is the folder's own where it is of that kind, else `ddim-respaced`,
 * `ddpm-respaced` or `dpmpp-linspace`; any other is the folder's noise schedule with other steps. Models that predict a flow have `euler`
 * alone.
 *
 * @throws WebDiTError `bad-argument` for a name that no sampler has, or only samplers of other models.
 */
export function chooseSampler(name: string, folder: SamplerSpec): SamplerSpec {
  const found = findSampler(name, folder);
  if (found) return found;
  checkSamplerName(name);
  throw new WebDiTError(
    'bad-argument',
    `The sampler "${name}" is not for this model, which predicts ${folder.kind === 'euler' ? 'a flow' : 'noise'}.`,
    `Use ${samplersLike(folder).map(samplerName).join(', ')}.`,
  );
}

function findSampler(name: string, folder: SamplerSpec): SamplerSpec | undefined {
  return [folder, ...samplersLike(folder)].find((spec) => name === spec.kind || name === samplerName(spec));
}

/** Every sampler for a model, those that a bare kind means first. */
function samplersLike(folder: SamplerSpec): SamplerSpec[] {
  if (folder.kind === 'euler') return [folder];
  const { noise, predictionType, stepsOffset } = folder;
  const model = { noise, predictionType, stepsOffset };
  const finalAlphaOne = folder.kind !== 'ddim' || folder.finalAlphaOne;
  const variance = folder.kind === 'ddpm' ? folder.variance : 'fixed_small';
  return [
    ...timestepSpacings.map((spacing) => ({ kind: 'ddim', spacing, ...model, finalAlphaOne }) as const),
    ...timestepSpacings.map((spacing) => ({ kind: 'ddpm', spacing, ...model, variance }) as const),
    ...dpmppSpacings.map((spacing) => ({ kind: 'dpmpp', spacing, ...model }) as const),
  ];
}

/** @throws WebDiTError `bad-argument` for a name that no sampler of any model has. */
export function checkSamplerName(name: string): string {
  const families: readonly SamplerSpec[] = [ditSampler, { kind: 'euler', spacing: 'flow', shift: 1, trainSteps: 1000 }];
  if (families.some((folder) => findSampler(name, folder))) return name;
  throw new WebDiTError(
    'bad-argument',
    `There is no sampler "${name}".`,
    `Use ddim, ddpm, dpmpp or euler, or one with its timesteps: ${families.flatMap(samplersLike).map(samplerName).join(', ')}.`,
  );
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
    case 'ddpm':
      return ddpmSteps(spec, steps);
    case 'euler':
      return eulerSteps(spec, steps);
    case 'dpmpp':
      return dpmppSteps(spec, steps);
  }
}
