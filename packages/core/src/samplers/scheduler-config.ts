import { WebDiTError } from '../errors.ts';
import type { SamplerSpec } from './sampler.ts';
import { maxSteps, timestepSpacings } from './timesteps.ts';

type Json = Readonly<Record<string, unknown>>;

/** Keys whose only implemented value is the one given; every other value changes numbers. */
const fixedKeys: Json = {
  prediction_type: 'epsilon',
  clip_sample: false,
  thresholding: false,
  rescale_betas_zero_snr: false,
  trained_betas: null,
};

/** Keys that act only together with a fixed key that is off. */
const inertKeys = ['clip_sample_range', 'dynamic_thresholding_ratio', 'sample_max_value'];

/**
 * Reads a diffusers `scheduler_config.json`. Missing keys take diffusers' defaults.
 *
 * @throws WebDiTError `unsupported-config`, naming the key, for anything that would change numbers and is not
 *   implemented: refused, never ignored. `format` when the config is not an object.
 */
export function parseSchedulerConfig(json: unknown): SamplerSpec {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new WebDiTError('format', 'The scheduler config is not a JSON object.', 'Check scheduler_config.json.');
  }
  const config = json as Json;
  const name = config._class_name;
  if (name !== 'DDIMScheduler') refuse('_class_name', name, 'DDIMScheduler');

  const known = new Set([
    ...Object.keys(fixedKeys),
    ...inertKeys,
    'num_train_timesteps',
    'beta_start',
    'beta_end',
    'beta_schedule',
    'timestep_spacing',
    'steps_offset',
    'set_alpha_to_one',
  ]);
  for (const [key, value] of Object.entries(config)) {
    if (!key.startsWith('_') && !known.has(key) && value !== null) refuse(key, value, null);
  }
  // clip_sample is the one fixed key that diffusers turns on when it is missing
  if (config.clip_sample === undefined) refuse('clip_sample', true, false);
  for (const [key, value] of Object.entries(fixedKeys)) {
    const given = config[key] ?? value;
    if (given !== value) refuse(key, given, value);
  }

  return {
    kind: 'ddim',
    spacing: oneOf(config, 'timestep_spacing', timestepSpacings, 'leading'),
    noise: {
      betaSchedule: oneOf(config, 'beta_schedule', ['linear', 'scaled_linear'] as const, 'linear'),
      betaStart: number(config, 'beta_start', 1e-4, (v) => v > 0 && v < 1),
      betaEnd: number(config, 'beta_end', 0.02, (v) => v > 0 && v < 1),
      trainSteps: number(
        config,
        'num_train_timesteps',
        1000,
        (v) => Number.isInteger(v) && v >= 1 && v <= 10 * maxSteps,
      ),
    },
    stepsOffset: number(config, 'steps_offset', 0, (v) => Number.isInteger(v) && v >= 0),
    finalAlphaOne: oneOf(config, 'set_alpha_to_one', [true, false] as const, true),
  };
}

function oneOf<T>(config: Json, key: string, values: readonly T[], fallback: T): T {
  const value = config[key] ?? fallback;
  const found = values.find((v) => v === value);
  return found === undefined ? refuse(key, value, values.map((v) => String(v)).join(' | ')) : found;
}

function number(config: Json, key: string, fallback: number, valid: (value: number) => boolean): number {
  const value = config[key] ?? fallback;
  return typeof value === 'number' && valid(value) ? value : refuse(key, value, fallback);
}

function refuse(key: string, value: unknown, supported: unknown): never {
  throw new WebDiTError(
    'unsupported-config',
    `The scheduler config sets ${key} to ${JSON.stringify(value) ?? 'nothing'}, which is not implemented.`,
    supported === null ? `Remove ${key}, or use another sampler.` : `Use a model whose ${key} is ${String(supported)}.`,
  );
}
