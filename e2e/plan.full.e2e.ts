import { expect, test } from 'playwright/test';
import type * as Webdit from '../packages/webdit/src/index.ts';
import { countBuffers, pageBuffers } from './gpu-buffers.ts';
import { openBlank, webditUrl } from './support.ts';

const settings = { webditUrl, model: '/models/emoji-dit/', numInferenceSteps: 50, cache: 'fora:10' };

test('a load and a run take what planModel said, by the calls that make and destroy buffers', async ({ page }) => {
  await countBuffers(page);
  await openBlank(page);
  const plan = await page.evaluate(async ({ webditUrl, model, numInferenceSteps, cache }) => {
    const { planModel }: typeof Webdit = await import(webditUrl);
    return planModel(model, { policies: [cache], numInferenceSteps });
  }, settings);
  const [{ weights, loading, policies } = { weights: null, loading: null, policies: [] }] = plan.dtypes;
  const [run] = policies;
  expect(plan.adapter?.isFallback).toBe(true);
  expect(run).toMatchObject({ fits: true, refusal: null });
  // Nothing was made for it.
  expect(await pageBuffers(page)).toMatchObject({ created: 0 });

  await page.evaluate(async ({ webditUrl, model }) => {
    const { DiffusionPipeline }: typeof Webdit = await import(webditUrl);
    Object.assign(globalThis, { pipe: await DiffusionPipeline.fromPretrained(model, { worker: false }) });
  }, settings);
  const loaded = await pageBuffers(page);
  expect(loaded.peakBytes / (loading ?? 0)).toBeCloseTo(1, 2);
  expect(loaded.bytes).toBeGreaterThan(weights ?? Number.POSITIVE_INFINITY);

  await page.evaluate(async ({ numInferenceSteps, cache }) => {
    const { pipe } = globalThis as unknown as { readonly pipe: Webdit.DiffusionPipeline };
    await pipe.generate({ label: 'pizza' }, { numInferenceSteps, cache, outputType: 'latent' });
    return pipe.dispose();
  }, settings);
  const { peakBytes, bytes } = await pageBuffers(page);
  expect(run?.total).toBeGreaterThan(1.1 * (loading ?? Number.POSITIVE_INFINITY));
  expect(peakBytes / (run?.total ?? 0)).toBeCloseTo(1, 2);
  expect(bytes).toBe(0);
});
