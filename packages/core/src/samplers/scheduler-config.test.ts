import { describe, expect, it } from 'vitest';
import { readJson } from '../testing/goldens.ts';
import { parseTolerantJson } from '../tolerant-json.ts';
import { ditNoiseSchedule } from './noise-schedule.ts';
import { ditSampler } from './sampler.ts';
import { parseSchedulerConfig } from './scheduler-config.ts';

/** As diffusers writes it for PixArt. */
const dpmSolver = parseTolerantJson(
  `{
    "_class_name": "DPMSolverMultistepScheduler", "_diffusers_version": "0.40.0.dev0", "algorithm_type": "dpmsolver++",
    "beta_end": 0.02, "beta_schedule": "linear", "beta_start": 0.0001, "dynamic_thresholding_ratio": 0.995,
    "euler_at_final": false, "final_sigmas_type": "zero", "flow_shift": 1.0, "lambda_min_clipped": -Infinity,
    "lower_order_final": true, "num_train_timesteps": 1000, "prediction_type": "epsilon", "rescale_betas_zero_snr": false,
    "sample_max_value": 1.0, "solver_order": 2, "solver_type": "midpoint", "steps_offset": 0, "thresholding": false,
    "time_shift_type": "exponential", "timestep_spacing": "linspace", "trained_betas": null, "use_beta_sigmas": false,
    "use_dynamic_shifting": false, "use_exponential_sigmas": false, "use_flow_sigmas": false, "use_karras_sigmas": false,
    "use_lu_lambdas": false, "variance_type": null
  }`,
  'scheduler_config.json',
) as Record<string, unknown>;
const diffusers = readJson('goldens/dit-diffusers-tiny/scheduler/scheduler_config.json') as Record<string, unknown>;
/** As diffusers writes it for a model of its defaults, but for the clipping. */
const ddpmConfig = {
  _class_name: 'DDPMScheduler',
  beta_end: 0.02,
  beta_schedule: 'linear',
  beta_start: 0.0001,
  clip_sample: false,
  clip_sample_range: 1.0,
  dynamic_thresholding_ratio: 0.995,
  num_train_timesteps: 1000,
  prediction_type: 'epsilon',
  rescale_betas_zero_snr: false,
  sample_max_value: 1.0,
  steps_offset: 0,
  thresholding: false,
  timestep_spacing: 'leading',
  trained_betas: null,
  variance_type: 'fixed_small',
};
/** As diffusers writes it for Stable Diffusion 3. */
const flowConfig = {
  _class_name: 'FlowMatchEulerDiscreteScheduler',
  base_image_seq_len: 256,
  base_shift: 0.5,
  invert_sigmas: false,
  max_image_seq_len: 4096,
  max_shift: 1.15,
  num_train_timesteps: 1000,
  shift: 3.0,
  shift_terminal: null,
  stochastic_sampling: false,
  time_shift_type: 'exponential',
  use_beta_sigmas: false,
  use_dynamic_shifting: false,
  use_exponential_sigmas: false,
  use_karras_sigmas: false,
};

describe('parseSchedulerConfig', () => {
  it('reads the bundled model', () => {
    expect(parseSchedulerConfig(readJson('models/emoji-dit/scheduler/scheduler_config.json'))).toEqual(ditSampler);
  });

  it('reads what diffusers writes', () => {
    expect(parseSchedulerConfig(diffusers)).toEqual({
      kind: 'ddim',
      spacing: 'leading',
      noise: ditNoiseSchedule,
      predictionType: 'epsilon',
      stepsOffset: 0,
      finalAlphaOne: true,
    });
  });

  it('takes the defaults of diffusers, and ignores private and null keys', () => {
    const spec = parseSchedulerConfig({ _class_name: 'DDIMScheduler', _note: 7, clip_sample: false, exotic: null });
    expect(spec).toEqual(parseSchedulerConfig(diffusers));
  });

  it.each([
    ['prediction_type', 'sample'],
    ['clip_sample', true],
    ['clip_sample', undefined],
    ['thresholding', true],
    ['rescale_betas_zero_snr', true],
    ['trained_betas', [0.1, 0.2]],
    ['beta_schedule', 'squaredcos_cap_v2'],
    ['timestep_spacing', 'karras'],
    ['set_alpha_to_one', 'yes'],
    ['beta_start', -1],
    ['beta_end', '0.02'],
    ['num_train_timesteps', 0],
    ['steps_offset', 0.5],
    ['use_karras_sigmas', false],
    ['_class_name', 'EulerDiscreteScheduler'],
    ['_class_name', 'toString'],
    ['_class_name', undefined],
  ])('refuses %s = %s by name', (key, value) => {
    const config = { ...diffusers, [key]: value };
    if (value === undefined) delete config[key];
    expect(() => parseSchedulerConfig(config)).toThrow(
      expect.objectContaining({ code: 'unsupported-config', message: expect.stringContaining(key) }),
    );
  });

  it('reads DPM-Solver++ of PixArt, and takes the defaults of diffusers', () => {
    const spec = parseSchedulerConfig(dpmSolver);
    expect(spec).toEqual({
      kind: 'dpmpp',
      spacing: 'linspace',
      noise: ditNoiseSchedule,
      predictionType: 'epsilon',
      stepsOffset: 0,
    });
    expect(parseSchedulerConfig({ _class_name: 'DPMSolverMultistepScheduler' })).toEqual(spec);
    // Without effect where the final sigma is zero.
    expect(parseSchedulerConfig({ ...dpmSolver, lower_order_final: false, euler_at_final: true })).toEqual(spec);
    expect(parseSchedulerConfig({ ...dpmSolver, timestep_spacing: 'leading', steps_offset: 1 })).toEqual({
      ...spec,
      spacing: 'leading',
      stepsOffset: 1,
    });
  });

  it.each([
    ['algorithm_type', 'dpmsolver'],
    ['algorithm_type', 'sde-dpmsolver++'],
    ['solver_order', 3],
    ['solver_order', 1],
    ['solver_type', 'heun'],
    ['final_sigmas_type', 'sigma_min'],
    ['lambda_min_clipped', -5.1],
    ['use_karras_sigmas', true],
    ['use_exponential_sigmas', true],
    ['use_beta_sigmas', true],
    ['use_lu_lambdas', true],
    ['use_flow_sigmas', true],
    ['use_dynamic_shifting', true],
    ['variance_type', 'learned_range'],
    ['prediction_type', 'flow_prediction'],
    ['thresholding', true],
    ['rescale_betas_zero_snr', true],
    ['trained_betas', [0.1]],
    ['timestep_spacing', 'respaced'],
    ['beta_schedule', 'squaredcos_cap_v2'],
    ['clip_sample', false],
  ])('refuses %s = %s of DPM-Solver++ by name', (key, value) => {
    expect(() => parseSchedulerConfig({ ...dpmSolver, [key]: value })).toThrow(
      expect.objectContaining({ code: 'unsupported-config', message: expect.stringContaining(key) }),
    );
  });

  it('reads what the model predicts, for every sampler of diffusion models', () => {
    for (const config of [diffusers, dpmSolver, ddpmConfig]) {
      expect(parseSchedulerConfig({ ...config, prediction_type: 'v_prediction' })).toEqual({
        ...parseSchedulerConfig(config),
        predictionType: 'v_prediction',
      });
    }
  });

  it('reads DDPM, and takes the defaults of diffusers', () => {
    const spec = parseSchedulerConfig(ddpmConfig);
    expect(spec).toEqual({
      kind: 'ddpm',
      spacing: 'leading',
      noise: ditNoiseSchedule,
      predictionType: 'epsilon',
      stepsOffset: 0,
      variance: 'fixed_small',
    });
    expect(parseSchedulerConfig({ _class_name: 'DDPMScheduler', clip_sample: false })).toEqual(spec);
    expect(parseSchedulerConfig({ ...ddpmConfig, variance_type: 'fixed_small_log' })).toEqual(spec);
    expect(parseSchedulerConfig({ ...ddpmConfig, variance_type: 'fixed_large', timestep_spacing: 'trailing' })).toEqual(
      { ...spec, variance: 'fixed_large', spacing: 'trailing' },
    );
  });

  it.each([
    ['variance_type', 'learned_range'],
    ['variance_type', 'learned'],
    ['variance_type', 'fixed_large_log'],
    ['clip_sample', true],
    ['clip_sample', undefined],
    ['prediction_type', 'sample'],
    ['thresholding', true],
    ['rescale_betas_zero_snr', true],
    ['trained_betas', [0.1]],
    ['beta_schedule', 'sigmoid'],
    ['set_alpha_to_one', true],
  ])('refuses %s = %s of DDPM by name', (key, value) => {
    const config: Record<string, unknown> = { ...ddpmConfig, [key]: value };
    if (value === undefined) delete config[key];
    expect(() => parseSchedulerConfig(config)).toThrow(
      expect.objectContaining({ code: 'unsupported-config', message: expect.stringContaining(key) }),
    );
  });

  it('reads Euler flow matching, and takes the defaults of diffusers', () => {
    const spec = { kind: 'euler', spacing: 'flow', shift: 3, trainSteps: 1000 };
    expect(parseSchedulerConfig(flowConfig)).toEqual(spec);
    expect(parseSchedulerConfig({ _class_name: 'FlowMatchEulerDiscreteScheduler' })).toEqual({ ...spec, shift: 1 });
    // Without effect where nothing shifts by the picture's size.
    expect(parseSchedulerConfig({ ...flowConfig, max_shift: 2, time_shift_type: 'linear' })).toEqual(spec);
  });

  it.each([
    ['use_dynamic_shifting', true],
    ['shift_terminal', 0.1],
    ['invert_sigmas', true],
    ['stochastic_sampling', true],
    ['use_karras_sigmas', true],
    ['use_exponential_sigmas', true],
    ['use_beta_sigmas', true],
    ['shift', 0],
    ['shift', '3'],
    ['num_train_timesteps', 0.5],
    ['prediction_type', 'epsilon'],
    ['beta_start', 0.0001],
    ['timestep_spacing', 'linspace'],
  ])('refuses %s = %s of flow matching by name', (key, value) => {
    expect(() => parseSchedulerConfig({ ...flowConfig, [key]: value })).toThrow(
      expect.objectContaining({ code: 'unsupported-config', message: expect.stringContaining(key) }),
    );
  });

  it.each([null, 3, 'x', []])('refuses %j as a config', (json) => {
    expect(() => parseSchedulerConfig(json)).toThrow(expect.objectContaining({ code: 'format' }));
  });
});
