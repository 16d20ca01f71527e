import { WebDiTError } from '../errors.ts';
import { type DiffusionSpec, predictionTypes } from './diffusion.ts';
import { dpmppSpacings } from './dpmpp.ts';
import type { SamplerSpec } from './sampler.ts';
import { maxSteps, timestepSpacings } from './timesteps.ts';

type Json = Readonly<Record<string, unknown>>;

/** How a diffusers scheduler class is read. */
interface SchedulerClass {
  /** Keys whose only implemented value is the one given; every other value changes numbers. */
  readonly fixed: Json;
  /** Keys that act only together with a fixed key that is off. */
  readonly inert: readonly string[];
  /** Keys that `read` reads. */
  readonly own: readonly string[];
  readonly read: (config: Json) => SamplerSpec;
}

const fixedDiffusion: Json = { thresholding: false, rescale_betas_zero_snr: false, trained_betas: null };
const thresholdingKeys = ['dynamic_thresholding_ratio', 'sample_max_value'];
const diffusionKeys = [
  'num_train_timesteps',
  'beta_start',
  'beta_end',
  'beta_schedule',
  'prediction_type',
  'timestep_spacing',
  'steps_offset',
];

const classes: Readonly<Record<string, SchedulerClass>> = {
  DDIMScheduler: {
    fixed: { ...fixedDiffusion, clip_sample: false },
    inert: [...thresholdingKeys, 'clip_sample_range'],
    own: [...diffusionKeys, 'set_alpha_to_one'],
    read: (config) => ({
      kind: 'ddim',
      spacing: oneOf(config, 'timestep_spacing', timestepSpacings, 'leading'),
      ...readDiffusion(config),
      finalAlphaOne: oneOf(config, 'set_alpha_to_one', [true, false] as const, true),
    }),
  },
  DDPMScheduler: {
    fixed: { ...fixedDiffusion, clip_sample: false },
    inert: [...thresholdingKeys, 'clip_sample_range'],
    own: [...diffusionKeys, 'variance_type'],
    read: (config) => {
      // fixed_small_log is computed by way of its logarithm, and is the same
      const types = ['fixed_small', 'fixed_small_log', 'fixed_large'] as const;
      return {
        kind: 'ddpm',
        spacing: oneOf(config, 'timestep_spacing', timestepSpacings, 'leading'),
        ...readDiffusion(config),
        variance:
          oneOf(config, 'variance_type', types, 'fixed_small') === 'fixed_large' ? 'fixed_large' : 'fixed_small',
      };
    },
  },
  DPMSolverMultistepScheduler: {
    fixed: {
      ...fixedDiffusion,
      algorithm_type: 'dpmsolver++',
      solver_order: 2,
      solver_type: 'midpoint',
      final_sigmas_type: 'zero',
      lambda_min_clipped: Number.NEGATIVE_INFINITY,
      use_karras_sigmas: false,
      use_exponential_sigmas: false,
      use_beta_sigmas: false,
      use_lu_lambdas: false,
      use_flow_sigmas: false,
      use_dynamic_shifting: false,
    },
    // With a final sigma of zero the last step is of first order, whatever the two keys of its order say.
    inert: [...thresholdingKeys, 'lower_order_final', 'euler_at_final', 'flow_shift', 'time_shift_type'],
    own: diffusionKeys,
    read: (config) => ({
      kind: 'dpmpp',
      spacing: oneOf(config, 'timestep_spacing', dpmppSpacings, 'linspace'),
      ...readDiffusion(config),
    }),
  },
  FlowMatchEulerDiscreteScheduler: {
    fixed: {
      use_dynamic_shifting: false,
      shift_terminal: null,
      invert_sigmas: false,
      stochastic_sampling: false,
      use_karras_sigmas: false,
      use_exponential_sigmas: false,
      use_beta_sigmas: false,
    },
    inert: ['base_shift', 'max_shift', 'base_image_seq_len', 'max_image_seq_len', 'time_shift_type'],
    own: ['num_train_timesteps', 'shift'],
    read: (config) => ({
      kind: 'euler',
      spacing: 'flow',
      shift: number(config, 'shift', 1, (v) => v > 0 && v <= 1000),
      trainSteps: readTrainSteps(config),
    }),
  },
};

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
  const known = typeof name === 'string' && Object.hasOwn(classes, name) ? classes[name] : undefined;
  const { fixed, inert, own, read } = known ?? refuse('_class_name', name, Object.keys(classes).join(' | '));

  const keys = new Set([...Object.keys(fixed), ...inert, ...own]);
  for (const [key, value] of Object.entries(config)) {
    if (!key.startsWith('_') && !keys.has(key) && value !== null) refuse(key, value, null);
  }
  // clip_sample is the one fixed key that diffusers turns on when it is missing
  if ('clip_sample' in fixed && config.clip_sample === undefined) refuse('clip_sample', true, false);
  for (const [key, value] of Object.entries(fixed)) {
    const given = config[key] ?? value;
    if (given !== value) refuse(key, given, value);
  }
  return read(config);
}

function readDiffusion(config: Json): DiffusionSpec {
  return {
    noise: {
      betaSchedule: oneOf(config, 'beta_schedule', ['linear', 'scaled_linear'] as const, 'linear'),
      betaStart: number(config, 'beta_start', 1e-4, (v) => v > 0 && v < 1),
      betaEnd: number(config, 'beta_end', 0.02, (v) => v > 0 && v < 1),
      trainSteps: readTrainSteps(config),
    },
    predictionType: oneOf(config, 'prediction_type', predictionTypes, 'epsilon'),
    stepsOffset: number(config, 'steps_offset', 0, (v) => Number.isInteger(v) && v >= 0),
  };
}

function readTrainSteps(config: Json): number {
  return number(config, 'num_train_timesteps', 1000, (v) => Number.isInteger(v) && v >= 1 && v <= 10 * maxSteps);
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
