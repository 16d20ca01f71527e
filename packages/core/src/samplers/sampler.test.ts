import { describe, expect, it } from 'vitest';
import { checkSamplerName, chooseSampler, ditSampler, type SamplerSpec, samplerName } from './sampler.ts';

const leading: SamplerSpec = { ...ditSampler, spacing: 'leading', stepsOffset: 1, finalAlphaOne: false };
const { noise: ditNoise, predictionType } = ditSampler;
const dpmpp: SamplerSpec = { kind: 'dpmpp', spacing: 'trailing', noise: ditNoise, predictionType, stepsOffset: 0 };
const ddpm: SamplerSpec = { ...dpmpp, kind: 'ddpm', variance: 'fixed_large' };
const euler: SamplerSpec = { kind: 'euler', spacing: 'flow', shift: 3, trainSteps: 1000 };

it('names samplers for plans and schedules', () => {
  expect([ditSampler, leading, dpmpp, ddpm, euler].map(samplerName)).toEqual([
    'ddim-respaced',
    'ddim-leading',
    'dpmpp-trailing',
    'ddpm-trailing',
    'euler-flow',
  ]);
});

describe('chooseSampler', () => {
  it('gives the folder its own back, by kind or in full', () => {
    for (const folder of [ditSampler, leading, dpmpp, ddpm, euler]) {
      expect(chooseSampler(folder.kind, folder)).toBe(folder);
      expect(chooseSampler(samplerName(folder), folder)).toBe(folder);
    }
  });

  it('puts others on the noise schedule of the folder', () => {
    const noise = { ...ditSampler.noise, betaEnd: 0.01 };
    expect(chooseSampler('dpmpp', { ...leading, noise })).toEqual({
      kind: 'dpmpp',
      spacing: 'linspace',
      noise,
      predictionType,
      stepsOffset: 1,
    });
    expect(chooseSampler('dpmpp-leading', leading)).toMatchObject({
      kind: 'dpmpp',
      spacing: 'leading',
      stepsOffset: 1,
    });
    expect(chooseSampler('ddim-trailing', leading)).toEqual({ ...leading, spacing: 'trailing' });
    expect(chooseSampler('ddim', dpmpp)).toEqual(ditSampler);
    expect(chooseSampler('ddpm', dpmpp)).toEqual({ ...ddpm, spacing: 'respaced', variance: 'fixed_small' });
    expect(chooseSampler('ddpm-leading', ddpm)).toEqual({ ...ddpm, spacing: 'leading' });
  });

  it('keeps what the model predicts', () => {
    const folder = { ...leading, predictionType: 'v_prediction' } as const;
    for (const name of ['ddim-trailing', 'ddpm', 'dpmpp']) {
      expect(chooseSampler(name, folder)).toMatchObject({ predictionType: 'v_prediction' });
    }
  });

  it.each([
    ['dpmpp', euler, 'a flow', 'Use euler-flow.'],
    ['euler', ditSampler, 'noise', expect.stringMatching(/^Use ddim-respaced, .*ddpm-leading, .*dpmpp-trailing\.$/)],
  ] as const)('refuses %s for a model of the other kind', (name, folder, predicts, remedy) => {
    const message = `The sampler "${name}" is not for this model, which predicts ${predicts}.`;
    expect(() => chooseSampler(name, folder)).toThrow(
      expect.objectContaining({ code: 'bad-argument', message, remedy }),
    );
    expect(checkSamplerName(name)).toBe(name);
  });

  it.each(['', 'heun', 'dpmpp-respaced', 'euler-leading', 'DDIM', 'ddim-'])(
    'refuses "%s", naming those that exist',
    (name) => {
      const refusal = expect.objectContaining({
        code: 'bad-argument',
        message: `There is no sampler "${name}".`,
        remedy: expect.stringMatching(
          /^Use ddim, ddpm, dpmpp or euler, .*ddim-respaced, .*dpmpp-linspace, dpmpp-leading, dpmpp-trailing, euler-flow\.$/,
        ),
      });
      expect(() => chooseSampler(name, ditSampler)).toThrow(refusal);
      expect(() => checkSamplerName(name)).toThrow(refusal);
    },
  );
});
