import { describe, expect, it } from 'vitest';
import { checkSamplerName, chooseSampler, ditSampler, type SamplerSpec, samplerName } from './sampler.ts';

const leading: SamplerSpec = { ...ditSampler, spacing: 'leading', stepsOffset: 1, finalAlphaOne: false };
const dpmpp: SamplerSpec = { kind: 'dpmpp', spacing: 'trailing', noise: ditSampler.noise, stepsOffset: 0 };

it('names samplers for plans and schedules', () => {
  expect([ditSampler, leading, dpmpp].map(samplerName)).toEqual(['ddim-respaced', 'ddim-leading', 'dpmpp-trailing']);
});

describe('chooseSampler', () => {
  it('gives the folder its own back, by kind or in full', () => {
    for (const folder of [ditSampler, leading, dpmpp]) {
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
      stepsOffset: 1,
    });
    expect(chooseSampler('dpmpp-leading', leading)).toMatchObject({
      kind: 'dpmpp',
      spacing: 'leading',
      stepsOffset: 1,
    });
    expect(chooseSampler('ddim-trailing', leading)).toEqual({ ...leading, spacing: 'trailing' });
    expect(chooseSampler('ddim', dpmpp)).toEqual(ditSampler);
  });

  it.each(['', 'euler', 'dpmpp-respaced', 'DDIM', 'ddim-'])('refuses "%s", naming those that exist', (name) => {
    const refusal = expect.objectContaining({
      code: 'bad-argument',
      message: `There is no sampler "${name}".`,
      remedy: expect.stringMatching(
        /^Use ddim or dpmpp, .*ddim-respaced, .*dpmpp-linspace, dpmpp-leading, dpmpp-trailing\.$/,
      ),
    });
    expect(() => chooseSampler(name, ditSampler)).toThrow(refusal);
    expect(() => checkSamplerName(name)).toThrow(refusal);
  });
});
