import { rm } from 'node:fs/promises';
import { autoencoderDecoderShapes, psnr } from '@webdit/core';
import { openAutoencoderKL } from '@webdit/weights';
import { pathSource } from '@webdit/weights/node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testDevice } from '../../../testing/gpu.ts';
import { paintedReference, writeVaeFolder } from '../../../testing/vae-folder.ts';
import { DiffusionPipeline } from './pipeline.ts';
import { planModel } from './plan-model.ts';
import type { ProgressEvent } from './types.ts';

let folder: string;
beforeAll(async () => {
  folder = await writeVaeFolder();
});
afterAll(() => rm(folder, { recursive: true }));

test('a diffusers folder paints with its own VAE, in the memory that was planned, and stops when told', async () => {
  const source = pathSource(folder);
  const { device } = await testDevice();
  const events: ProgressEvent[] = [];
  const onProgress = (event: ProgressEvent) => events.push(event);
  const pipe = await DiffusionPipeline.fromPretrained(source, { worker: false, device, dtype: 'f32', onProgress });
  const imageSize = { width: 64, height: 64 };
  expect(pipe.info).toMatchObject({ vaeBackend: 'webgpu', vaeThreads: null, model: { imageSize } });
  const last = events.findLast((event) => event.status === 'progress_total');
  const plan = await planModel(source, { dtype: 'f32', policies: ['none'] });
  expect(plan.download.vae).toBe(3_834_356);
  expect(last).toMatchObject({ progress: 100, total: plan.download.weights + 3_834_356 });

  const options = { seed: 1, numInferenceSteps: 3, outputType: 'imageData' } as const;
  const { image, latents } = await pipe.generate({ label: 1 }, options);
  const painted = image.data.filter((_, i) => i % 4 !== 3);
  // Not a picture of one colour.
  expect(new Set(painted).size).toBeGreaterThan(50);
  // Only what lies between two bytes may be rounded otherwise.
  expect(psnr(painted, paintedReference(latents.data), 255)).toBeGreaterThan(70);

  const controller = new AbortController();
  const reason = new Error('enough');
  const onStep = ({ n }: { readonly n: number }) => void (n === 2 && controller.abort(reason));
  const stopped = pipe.generate({ label: 1 }, { ...options, signal: controller.signal, onStep });
  await expect(stopped).rejects.toBe(reason);
  expect((await pipe.generate({ label: 1 }, options)).image.data.join()).toBe(image.data.join());

  // The decoder stays beside the transformer: what both hold is within what was planned for a run.
  const { config } = await openAutoencoderKL(source);
  const elements = autoencoderDecoderShapes(config).map(({ shape }) => shape.reduce((a, b) => a * b, 1));
  const weightBytes = 4 * elements.reduce((a, b) => a + b);
  const [{ decoder = null, policies = [] } = {}] = plan.dtypes;
  expect(decoder).toBeGreaterThan(weightBytes);
  expect(policies[0]?.total).toBeGreaterThan(pipe.info.gpuBytes);
  expect(pipe.info.gpuBytes).toBeGreaterThan(weightBytes);
  await pipe.dispose();
});
