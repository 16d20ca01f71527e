import { readFileSync } from 'node:fs';
import { chooseSampler, ditSampler, pixArtXl2 } from '@webdit/core';
import { expect, it } from 'vitest';
import { repositoryPath } from '../../../../testing/repository.ts';
import { tinyDiT } from '../testing/tiny-dit.ts';
import type { SampleCase } from './golden.ts';
import { prepareCase } from './run-case.ts';

const euler = { kind: 'euler', spacing: 'flow', shift: 3, trainSteps: 1000 } as const;
const schedulers = JSON.parse(readFileSync(repositoryPath('goldens/schedulers/schedulers.json'), 'utf8'));
const entry: SampleCase = {
  type: 'sample',
  name: 'flow',
  timesteps: schedulers.flow_euler_shift3_20.timesteps,
  init: 'init',
  guidance_scale: 1.5,
  guidance_channels: 1,
  class_label: 1,
  expected_latents: 'latents',
};

it('takes timesteps that are not whole, to the bit', () => {
  const prepared = prepareCase(entry, { config: tinyDiT, scheduler: euler }, 3);
  expect(prepared).toMatchObject({ type: 'sample', plan: { sampler: 'euler-flow' } });
  const { steps } = (prepared as Extract<typeof prepared, { plan: unknown }>).plan;
  expect(steps.map(({ timestep }) => timestep)).toEqual([1000, 981.8745727539062, 962.3856811523438]);
  const near = entry.timesteps.with(1, 981.8746);
  expect(() => prepareCase({ ...entry, timesteps: near }, { config: tinyDiT, scheduler: euler }, undefined)).toThrow(
    expect.objectContaining({
      code: 'schedule-mismatch',
      message: 'Run flow expects timestep 981.8746 at step 1, but euler-flow visits 981.8745727539062.',
    }),
  );
});

it('refuses a run that draws noise', () => {
  const scheduler = chooseSampler('ddpm-leading', ditSampler);
  const drawn = { ...entry, timesteps: schedulers.ddim_leading_20 };
  expect(() => prepareCase(drawn, { config: tinyDiT, scheduler }, undefined)).toThrow(
    expect.objectContaining({
      code: 'unsupported-config',
      message: 'Run flow draws noise in its steps (ddpm-leading), which a golden does not hold.',
    }),
  );
});

it('takes the size of a text model from its first latents', () => {
  const prompted: SampleCase = {
    type: 'sample',
    name: 'wide',
    timesteps: schedulers.dpmpp_linspace_4.timesteps,
    init: 'init',
    guidance_scale: 4.5,
    guidance_channels: 'all',
    prompt_row: 0,
    negative_row: 1,
    cache: { policy: 'procache', mode: 'paper', pattern: '1021' },
    expected_latents: 'latents',
  };
  const scheduler = chooseSampler('dpmpp', ditSampler);
  const folder = { config: { ...pixArtXl2, depth: 4 }, scheduler };
  const tensors = new Map([['init', { dtype: 'F32', shape: [1, 4, 32, 48], data: new Uint8Array() } as const]]);
  const prepared = prepareCase(prompted, folder, undefined, tensors);
  // 30 % of 16 x 24 tokens, in the deepest quarter.
  const tokens = [0, 0, 0, 115];
  expect(prepared).toMatchObject({
    size: { height: 32, width: 48 },
    plan: { labels: [0, 1], steps: [{}, {}, { mlpTokens: tokens, crossTokens: tokens }, {}] },
  });
});
