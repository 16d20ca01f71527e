import { readFileSync } from 'node:fs';
import { estimateCost } from '@webdit/core';
import { openModelFolder } from '@webdit/weights';
import { pathSource } from '@webdit/weights/node';
import { expect, it } from 'vitest';
import { describeModel } from './describe-model.ts';

it('tells enough of a model to plan a run: config, sampler, schedules, classes', async () => {
  const source = pathSource('models/emoji-dit');
  const model = await describeModel(source);
  const folder = await openModelFolder(source);
  expect(model).toMatchObject({ name: 'emoji-dit', config: folder.config, sampler: folder.scheduler });
  expect(model.defaults).toEqual({ numInferenceSteps: 50, guidanceScale: 3 });
  expect(model.samplerName).toBe('ddim-respaced');
  const budgets = (name: string) =>
    model.schedules
      .filter(({ policy, steps }) => policy === name && steps === 50)
      .map(({ pattern }) => pattern.replaceAll(/[02]/g, '').length);
  expect(budgets('procache')).toEqual([25, 17, 13, 11]);
  expect(budgets('procache+')).toEqual([26, 25, 24, 18, 17, 16, 11]);
  expect((await model.classes())?.length).toBe(1008);
  const { kinds } = estimateCost({
    model: model.config,
    sampler: model.sampler,
    steps: 50,
    guidanceScale: 3,
    label: 0,
    cache: 'procache',
    schedules: model.schedules,
  });
  expect(kinds.full).toBe(17);
});

it('reads a dropped folder, whose files come with their paths', async () => {
  const folder = 'goldens/dit-original-tiny';
  const files = ['config.json', 'model.safetensors'].map((name) => ({
    path: `tiny/${name}`,
    file: new Blob([readFileSync(`${folder}/${name}`)]),
  }));
  const model = await describeModel(files);
  const { config } = await describeModel(pathSource(folder));
  expect(model).toMatchObject({ name: 'tiny', config, schedules: [] });
  expect(await model.classes()).toBeNull();
  const other = [{ path: 'tiny/readme.md', file: new Blob(['nothing']) }];
  await expect(describeModel(other)).rejects.toMatchObject({
    code: 'not-found',
    message: expect.stringMatching(/^tiny has neither model_index.json nor model.safetensors/),
  });
});

it('refuses what is no model, and stops when told', async () => {
  await expect(describeModel('')).rejects.toMatchObject({ code: 'bad-argument' });
  const reason = new Error('enough');
  const stopped = describeModel(pathSource('models/emoji-dit'), { signal: AbortSignal.abort(reason) });
  await expect(stopped).rejects.toBe(reason);
});
