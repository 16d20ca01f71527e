import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type CacheSpec, policyNames, psnr } from '@webdit/core';
import { pathSource } from '@webdit/weights/node';
import * as ort from 'onnxruntime-web/wasm';
import { beforeAll, expect, it } from 'vitest';
import { testDevice } from '../../../testing/gpu.ts';
import { readPizza } from '../../../testing/pizza.ts';
import { DiffusionPipeline } from './pipeline.ts';
import { toPlanes, toRgba } from './pixels.ts';
import type { GenerateOptions } from './types.ts';

const root = new URL('../../../', import.meta.url);
const folder = fileURLToPath(new URL('models/emoji-dit', root));
/** Of models/emoji-dit/vae/config.json. */
const scalingFactor = 0.9859040379524231;
/** Nothing that looks like a pizza. */
const label = { label: 'butterfly' };

let pipe: DiffusionPipeline;
let image: Awaited<ReturnType<typeof readPizza>>;
beforeAll(async () => {
  const { device } = await testDevice();
  pipe = await DiffusionPipeline.fromPretrained(pathSource(folder), { worker: false, device, vaeBackend: 'wasm' });
  image = await readPizza();
  return () => pipe.dispose();
});

const paint = (options: GenerateOptions) =>
  pipe.generate(label, { seed: 3, guidanceScale: 1, ...options, outputType: 'imageData' }).then((result) => ({
    ...result,
    bytes: [...result.image.data],
  }));

/** One half of the VAE, run without this library. */
async function half(file: string, input: Float32Array, dims: readonly number[]): Promise<Float32Array<ArrayBuffer>> {
  const session = await ort.InferenceSession.create(await readFile(`${folder}/vae/${file}`), { logSeverityLevel: 3 });
  const tensor = new ort.Tensor('float32', input, dims);
  const results = await session.run({ [session.inputNames[0] as string]: tensor });
  const values = results[session.outputNames[0] as string]?.data as Float32Array;
  await session.release();
  return Float32Array.from(values);
}

it('gives at strength 0 what the VAE makes of the picture, to the byte and without a step', async () => {
  const steps: number[] = [];
  const { bytes, latents, report } = await paint({ image, strength: 0, onStep: ({ n }) => steps.push(n) });
  const encoded = await half(
    'encoder.onnx',
    toPlanes({ ...image, data: new Uint8ClampedArray(image.data), colorSpace: 'srgb' }),
    [1, 3, 64, 64],
  );
  const scaled = encoded.map((value) => value * scalingFactor);
  expect(latents.data).toEqual(scaled);
  const planes = await half(
    'decoder.onnx',
    scaled.map((value) => value / scalingFactor),
    [1, 4, 16, 16],
  );
  expect(bytes).toEqual([...toRgba(planes, 64, 64).data]);
  expect([steps, report.steps]).toEqual([[], []]);
  // What the model's card says of the VAE: 31.9 dB.
  expect(psnr(bytes, [...image.data], 255)).toBeGreaterThan(28);
});

it.each([['ddim'], ['ddpm'], ['dpmpp']])(
  'is at strength 1 the picture without an image, to the byte: %s',
  async (scheduler) => {
    const options = { numInferenceSteps: 2, scheduler };
    const [over, plain] = [await paint({ ...options, image, strength: 1 }), await paint(options)];
    expect(over.bytes).toEqual(plain.bytes);
    expect(over.latents).toEqual(plain.latents);
  },
);

const near = (bytes: readonly number[]) => psnr(bytes, [...image.data], 255);

it.each([['ddim'], ['ddpm'], ['dpmpp']])(
  'runs half of the steps at strength 0.5, and keeps some of the picture: %s',
  async (scheduler) => {
    const options = { numInferenceSteps: 6, scheduler, image };
    const steps: [n: number, steps: number][] = [];
    const half = await paint({ ...options, strength: 0.5, onStep: ({ n, steps: all }) => steps.push([n, all]) });
    expect(steps).toEqual([0, 1, 2].map((n) => [n, 3]));
    expect(half.report.steps.map(({ kind }) => kind)).toEqual(['full', 'full', 'full']);
    const little = await paint({ ...options, strength: 0.17 });
    expect(little.report.steps).toHaveLength(1);
    const plain = await paint({ numInferenceSteps: 3, scheduler });
    expect(near(little.bytes)).toBeGreaterThan(near(half.bytes) + 2);
    expect(near(half.bytes)).toBeGreaterThan(near(plain.bytes) + 2);
  },
);

it('is the same to the byte every time', async () => {
  const options = { numInferenceSteps: 4, strength: 0.5, image };
  expect((await paint(options)).bytes).toEqual((await paint(options)).bytes);
});

/** Settings that save work in four steps, where a policy's own wait for more. */
const settings: Readonly<Record<string, CacheSpec>> = {
  dbcache: 'dbcache:F1_B0_t5_w1',
  teacache: 'teacache:t5_d0',
  magcache: 'magcache:t1_k3_r0.2',
};
it.each(policyNames())('paints the last steps with the policy %s', async (policy) => {
  // The calibrations are for 50 steps.
  const options = { numInferenceSteps: 50, image, strength: 0.08 };
  const { report, bytes } = await paint({ ...options, cache: settings[policy] ?? policy });
  expect(report.steps).toHaveLength(4);
  expect(report.steps[0]?.kind).toBe('full');
  if (policy === 'none') expect(report.flopRatio.executed).toBe(1);
  else expect(report.flopRatio.executed).toBeGreaterThan(1.1);
  // Four steps leave nearly all of the picture, however they are computed.
  expect(near(bytes)).toBeGreaterThan(20);
});

it('refuses a pattern of the whole run, and says how many steps are left', async () => {
  const cache = { policy: 'procache', pattern: '10'.repeat(25) };
  await expect(paint({ numInferenceSteps: 50, image, strength: 0.5, cache })).rejects.toMatchObject({
    code: 'schedule-mismatch',
    message: 'The pattern is for 50 steps, but the run has 25.',
    remedy: expect.stringContaining('the last 25 of its 50 steps'),
  });
});
