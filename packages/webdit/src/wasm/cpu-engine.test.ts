import { fileURLToPath } from 'node:url';
import { relativeError } from '@webdit/core';
import { pathSource } from '@webdit/weights/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { goldenTensors } from '../../../../testing/golden.ts';
import { vaeWasmPaths } from '../../../cli/src/vae-runtime.ts';
import { DiffusionPipeline } from '../pipeline.ts';
import type { ProgressEvent, StepEvent } from '../types.ts';

const emojiDiT = pathSource(fileURLToPath(new URL('../../../../models/emoji-dit', import.meta.url)));

// The processor may have other things to do.
const timeout = 60_000;

describe("device 'wasm'", { timeout }, () => {
  let pipe: DiffusionPipeline;
  const events: ProgressEvent[] = [];
  beforeAll(async () => {
    pipe = await DiffusionPipeline.fromPretrained(emojiDiT, {
      device: 'wasm',
      worker: false,
      wasmPaths: vaeWasmPaths(),
      onProgress: (event) => events.push(event),
    });
  }, timeout);
  afterAll(() => pipe?.dispose());

  it('says where it computes, and how its bytes arrived', () => {
    expect(pipe.info).toMatchObject({
      device: 'wasm',
      adapter: { description: 'onnxruntime-web wasm on the CPU, 1 thread', isFallback: true },
      dtype: 'f32',
      vaeBackend: 'wasm',
      kernels: { transformer: 'onnxruntime-web wasm' },
      gpuBytes: 0,
    });
    const last = events.filter((event) => event.status === 'progress_total').at(-1);
    expect(last).toMatchObject({ progress: 100, loaded: 20_037_192 + 3_151_075, total: 20_037_192 + 3_151_075 });
    expect(events.at(-1)?.status).toBe('ready');
  });

  it('starts from the noise of the seed, steps, decodes and reports', async () => {
    const steps: StepEvent[] = [];
    const { image, latents, seed, report } = await pipe.generate(
      { label: 'pizza' },
      { seed: 0, numInferenceSteps: 2, numImages: 2, outputType: 'imageData', onStep: (step) => steps.push(step) },
    );
    expect([image.width, image.height, seed]).toEqual([64, 64, 0]);
    expect(latents.shape).toEqual([2, 4, 16, 16]);
    expect(steps.map((step) => [step.image, step.n, step.kind, step.steps])).toEqual([
      [0, 0, 'full', 2],
      [0, 1, 'full', 2],
      [1, 0, 'full', 2],
      [1, 1, 'full', 2],
    ]);
    expect(report).toMatchObject({
      device: 'wasm',
      policy: 'none',
      images: 2,
      flopRatio: { executed: 1, published: 1 },
    });
    expect(report.adapter.description).toContain('wasm on the CPU');
    expect(report.peakGpuBytes).toBe(0);

    // The golden's noise, which is torch's, is what the seed gives.
    const init = { data: goldenTensors('emoji-dit')('pizza_init').slice(), shape: [4, 16, 16] };
    const options = { numInferenceSteps: 2, outputType: 'latent' } as const;
    const given = await pipe.generate({ label: 385 }, { ...options, latents: init });
    expect(relativeError(given.latents.data, latents.data.subarray(0, 1024))).toBeLessThan(1e-6);
  });

  it('refuses to cache in one sentence, and goes on working', async () => {
    const cached = pipe.generate({ label: 'pizza' }, { cache: 'procache:B17', outputType: 'latent' });
    await expect(cached).rejects.toMatchObject({
      code: 'bad-argument',
      message: expect.stringMatching(/^The cache policy procache\S* needs WebGPU: device 'wasm' computes every step/),
    });
    await expect(
      pipe.generate({ label: 'pizza' }, { numInferenceSteps: 1, outputType: 'latent' }),
    ).resolves.toMatchObject({ image: null });
  });
});

it('leaves nothing behind when its load is aborted', { timeout }, async () => {
  const controller = new AbortController();
  const loading = DiffusionPipeline.fromPretrained(emojiDiT, {
    device: 'wasm',
    worker: false,
    wasmPaths: vaeWasmPaths(),
    signal: controller.signal,
    onProgress: ({ status }) => {
      if (status === 'progress_total') controller.abort('changed my mind');
    },
  });
  await expect(loading).rejects.toBe('changed my mind');
});
