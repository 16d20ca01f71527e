import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { autoencoderDecoderShapes, psnr } from '@webdit/core';
import { parseSafetensors, tensorToFloat32 } from '@webdit/weights';
import { pathSource } from '@webdit/weights/node';
import { expect, test } from 'vitest';
import { testDevice } from '../../../testing/gpu.ts';
import { decodeReference } from '../../../testing/reference-vae.ts';
import { repositoryPath } from '../../../testing/repository.ts';
import { openAutoencoderKL } from '../../weights/src/index.ts';
import { copyOf } from '../../weights/src/testing/fixtures.ts';
import { DiffusionPipeline } from './pipeline.ts';
import { planModel } from './plan-model.ts';
import type { ProgressEvent } from './types.ts';

const weightsPath = 'vae/diffusion_pytorch_model.safetensors';

const product = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** A diffusers folder as hubs have it: with the VAE's weights. */
async function diffusersFolder(): Promise<string> {
  const folder = await copyOf(repositoryPath('goldens/dit-diffusers-tiny'));
  await cp(repositoryPath('goldens/vae-tiny/vae'), join(folder, 'vae'), { recursive: true });
  const path = join(folder, 'model_index.json');
  const index = JSON.parse(await readFile(path, 'utf8'));
  await writeFile(path, JSON.stringify({ ...index, vae: ['diffusers', 'AutoencoderKL'] }));
  return folder;
}

test('a diffusers folder paints with its own VAE, in the memory that was planned, and stops when told', async () => {
  const folder = await diffusersFolder();
  const { device } = await testDevice();
  const events: ProgressEvent[] = [];
  const onProgress = (event: ProgressEvent) => events.push(event);
  const pipe = await DiffusionPipeline.fromPretrained(pathSource(folder), {
    worker: false,
    device,
    dtype: 'f32',
    onProgress,
  });
  expect(pipe.info).toMatchObject({
    vaeBackend: 'webgpu',
    vaeThreads: null,
    model: { imageSize: { width: 64, height: 64 } },
  });
  const last = events.findLast((event) => event.status === 'progress_total');
  const plan = await planModel(pathSource(folder), { dtype: 'f32', policies: ['none'] });
  expect(last).toMatchObject({ progress: 100, total: plan.download.weights + (plan.download.vae ?? 0) });

  const options = { seed: 1, numInferenceSteps: 3, outputType: 'imageData' } as const;
  const { image, latents } = await pipe.generate({ label: 1 }, options);
  const vae = await openAutoencoderKL(pathSource(folder));
  const tensors = parseSafetensors(new Uint8Array(await readFile(join(folder, weightsPath))));
  const weight = (name: string) => tensorToFloat32(tensors.get(name) as Parameters<typeof tensorToFloat32>[0]);
  const plane = 16 * 16;
  const values = Float32Array.from(
    { length: 4 * plane },
    (_, i) => (latents.data[(i % 4) * plane + Math.floor(i / 4)] as number) / vae.config.scalingFactor,
  );
  const expected = decodeReference(vae.config, weight, { channels: 4, height: 16, width: 16, values });
  const bytes = Float32Array.from(expected, (value) => Math.round(Math.min(255, Math.max(0, 127.5 * (value + 1)))));
  const painted = Float32Array.from(image.data.filter((_, i) => i % 4 !== 3));
  // Not a picture of one colour.
  expect(new Set(painted).size).toBeGreaterThan(50);
  // Only roundings at the border between two bytes may differ.
  expect(psnr(painted, bytes, 255)).toBeGreaterThan(70);

  const controller = new AbortController();
  const reason = new Error('enough');
  const stopped = pipe.generate(
    { label: 1 },
    { ...options, signal: controller.signal, onStep: ({ n }) => void (n === 2 && controller.abort(reason)) },
  );
  await expect(stopped).rejects.toBe(reason);
  expect((await pipe.generate({ label: 1 }, options)).image.data.join()).toBe(image.data.join());

  // The decoder stays beside the transformer: what both hold is within what was planned for a run.
  const [{ decoder = null, policies = [] } = {}] = plan.dtypes;
  const weightBytes = autoencoderDecoderShapes(vae.config).reduce((sum, { shape }) => sum + 4 * product(shape), 0);
  expect(decoder).toBeGreaterThan(weightBytes);
  expect(policies[0]?.total).toBeGreaterThan(pipe.info.gpuBytes);
  expect(pipe.info.gpuBytes).toBeGreaterThan(weightBytes);
  await pipe.dispose();
});
