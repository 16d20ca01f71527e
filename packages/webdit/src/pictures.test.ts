import { ditSampler, TorchGenerator, torchRandn } from '@webdit/core';
import { expect, it } from 'vitest';
import type { GenerateRequest } from './arguments.ts';
import { type DrawingParts, queuePictures } from './pictures.ts';
import { RunQueue } from './run-queue.ts';
import { FolderSchedules } from './schedules.ts';
import { tinyDiT } from './testing/tiny-dit.ts';

const size = tinyDiT.inChannels * tinyDiT.inputSize ** 2;
const request: GenerateRequest = {
  label: 1,
  prompts: null,
  size: null,
  steps: 3,
  guidanceScale: 1,
  guidanceChannels: null,
  seed: 7,
  cache: 'none',
  scheduler: 'ddpm-leading',
  numImages: 2,
  outputType: 'latent',
  latents: null,
  previewEvery: null,
};

/** Draws with a model that leaves latents as they are, and tells what it was given. */
async function draw(change: Partial<GenerateRequest>) {
  const given: { init: Float32Array; noise: Float32Array | undefined }[] = [];
  const files = { schedules: [], calibrations: [], read: () => Promise.reject(new Error('nothing to read')) };
  const parts: DrawingParts = {
    device: 'webgpu',
    holder: {
      adapterInfo: { vendor: '', architecture: '', device: '', description: '', isFallback: true },
      check: () => {},
    },
    folder: { config: tinyDiT, scheduler: ditSampler, classes: null, vae: null },
    schedules: new FolderSchedules(files),
    model: {
      math: 'f32',
      kernels: {},
      run: async (plan, init, { noise }) => {
        given.push({ init, noise });
        const steps = plan.steps.map(({ n, kind, flops }) => ({ n, kind, flops, ms: 1 }));
        return { latents: init, steps, waits: { final: 1, probe: 0 }, peakBytes: 0 };
      },
    },
    vae: null,
    dtype: 'f32',
  };
  const result = await queuePictures(new RunQueue(), parts, { ...request, ...change }, { onStep: () => {} });
  return { given, result };
}

it("draws the noise of a picture's steps after its first latents, from its own seed", async () => {
  const { given, result } = await draw({});
  expect(result).toMatchObject({ seed: 7, report: { sampler: 'ddpm-leading' } });
  expect(given).toHaveLength(2);
  for (const [image, { init, noise }] of given.entries()) {
    const generator = new TorchGenerator(7 + image);
    expect(init).toEqual(generator.randn(size));
    // Of three steps the last, at timestep 0, takes none.
    expect(noise).toEqual(Float32Array.of(...generator.randn(size), ...generator.randn(size)));
  }
});

it('draws none for a sampler without noise', async () => {
  const { given } = await draw({ scheduler: 'ddim', numImages: 1 });
  expect(given).toEqual([{ init: torchRandn(7, size), noise: new Float32Array() }]);
});

it('refuses first latents for a sampler that draws from their seed', async () => {
  const latents = { data: new Float32Array(size), shape: [1, size] };
  const given = { seed: null, numImages: 1, latents };
  await expect(draw(given)).rejects.toMatchObject({
    code: 'bad-argument',
    message: expect.stringMatching(/^ddpm-leading draws noise in its steps .* latents cannot be given\.$/),
  });
  await expect(draw({ ...given, scheduler: 'ddim' })).resolves.toMatchObject({ result: { seed: null } });
});
