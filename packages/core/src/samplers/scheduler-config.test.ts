import { describe, expect, it } from 'vitest';
import { readJson } from '../testing/goldens.ts';
import { ditNoiseSchedule } from './noise-schedule.ts';
import { ditSampler } from './sampler.ts';
import { parseSchedulerConfig } from './scheduler-config.ts';

const diffusers = readJson('goldens/dit-diffusers-tiny/scheduler/scheduler_config.json') as Record<string, unknown>;

describe('parseSchedulerConfig', () => {
  it('reads the bundled model', () => {
    expect(parseSchedulerConfig(readJson('models/emoji-dit/scheduler/scheduler_config.json'))).toEqual(ditSampler);
  });

  it('reads what diffusers writes', () => {
    expect(parseSchedulerConfig(diffusers)).toEqual({
      kind: 'ddim',
      spacing: 'leading',
      noise: ditNoiseSchedule,
      stepsOffset: 0,
      finalAlphaOne: true,
    });
  });

  it('takes the defaults of diffusers, and ignores private and null keys', () => {
    const spec = parseSchedulerConfig({ _class_name: 'DDIMScheduler', _note: 7, clip_sample: false, exotic: null });
    expect(spec).toEqual(parseSchedulerConfig(diffusers));
  });

  it.each([
    ['prediction_type', 'v_prediction'],
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
    ['_class_name', 'DPMSolverMultistepScheduler'],
    ['_class_name', undefined],
  ])('refuses %s = %s by name', (key, value) => {
    const config = { ...diffusers, [key]: value };
    if (value === undefined) delete config[key];
    expect(() => parseSchedulerConfig(config)).toThrow(
      expect.objectContaining({ code: 'unsupported-config', message: expect.stringContaining(key) }),
    );
  });

  it.each([null, 3, 'x', []])('refuses %j as a config', (json) => {
    expect(() => parseSchedulerConfig(json)).toThrow(expect.objectContaining({ code: 'format' }));
  });
});
