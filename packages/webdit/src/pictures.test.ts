import {
  addNoise,
  chooseSampler,
  ditSampler,
  type LatentGrid,
  pixArtXl2,
  type SamplerStep,
  samplerSteps,
  TorchGenerator,
  type TransformerConfig,
  torchRandn,
} from '@webdit/core';
import type { TextConditions } from '@webdit/gpu';
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
  start: null,
  previewEvery: null,
};

/** What the fake encoder makes of any picture. */
const over = torchRandn(99, size);

/** Draws with a model that leaves latents as they are, and tells what it was given. */
async function draw(change: Partial<GenerateRequest>, config: TransformerConfig = tinyDiT) {
  const given: { init: Float32Array; noise: Float32Array | undefined }[] = [];
  const told: { captionTokens: number | undefined; text: TextConditions | undefined; size: LatentGrid | undefined }[] =
    [];
  const files = { schedules: [], calibrations: [], read: () => Promise.reject(new Error('nothing to read')) };
  const parts: DrawingParts = {
    device: 'webgpu',
    holder: {
      adapterInfo: { vendor: '', architecture: '', device: '', description: '', isFallback: true },
      check: () => {},
    },
    folder: { config, scheduler: ditSampler, classes: null, vae: null },
    schedules: new FolderSchedules(files),
    model: {
      math: 'f32',
      kernels: {},
      run: async (plan, init, { noise, text, size }) => {
        given.push({ init, noise });
        told.push({ captionTokens: plan.captionTokens, text, size });
        const steps = plan.steps.map(({ n, kind, flops }) => ({ n, kind, flops, ms: 1 }));
        return { latents: init, steps, waits: { final: 1, probe: 0 }, peakBytes: 0 };
      },
    },
    vae: null,
    encoder: { encode: async () => over.slice() },
    dtype: 'f32',
  };
  const result = await queuePictures(new RunQueue(), parts, { ...request, ...change }, { onStep: () => {} });
  return { given, told, result };
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

const pixArt = { ...pixArtXl2, latentHeight: 8, latentWidth: 8 };
const prompt = (tokens: number) => ({ embeddings: new Float32Array(tokens * pixArt.captionChannels).fill(0.5) });
const asked: Partial<GenerateRequest> = { label: null, scheduler: 'dpmpp', numImages: 1 };

it.each([
  ['the longer prompt', [prompt(9), prompt(1)], 16],
  ['the longer one, also of the negative prompt', [prompt(2), prompt(17)], 24],
  ['a single one', [prompt(3)], 8],
])('plans for as many tokens as %s has, in whole eights', async (_, prompts, captionTokens) => {
  const { told, result } = await draw({ ...asked, prompts, guidanceScale: prompts.length === 2 ? 4.5 : 1 }, pixArt);
  expect(told).toEqual([{ captionTokens, text: { captions: prompts }, size: undefined }]);
  expect(result.latents.shape).toEqual([1, 4, 8, 8]);
});

it('draws a text model at another size, and counts more work for more tokens', async () => {
  const small = await draw({ ...asked, prompts: [prompt(1)] }, pixArt);
  const size = { height: 8, width: 12 };
  const { given, told, result } = await draw({ ...asked, prompts: [prompt(1)], size }, pixArt);
  expect(told).toMatchObject([{ captionTokens: 8, size }]);
  expect(given[0]?.init).toEqual(torchRandn(7, 4 * 8 * 12));
  expect(result.latents.shape).toEqual([1, 4, 8, 12]);
  const flops = (drawn: typeof small) => drawn.result.report.totals.flops.executed;
  expect(flops({ given, told, result }) / flops(small)).toBeGreaterThan(1.2);
  const long = await draw({ ...asked, prompts: [prompt(120)] }, pixArt);
  expect(flops(long)).toBeGreaterThan(flops(small));
});

const image = { width: 1, height: 1, data: new Uint8Array(4) };
const from = (strength: number, change: Partial<GenerateRequest> = {}) =>
  draw({ steps: 10, scheduler: 'ddim', numImages: 1, start: { image, strength }, ...change });

it('starts from a picture with the noise of the first step that is left', async () => {
  const plain = await draw({ steps: 10, scheduler: 'ddim', numImages: 1 });
  const { given, result } = await from(0.5, { numImages: 2 });
  expect(result.report.steps).toHaveLength(10);
  expect(result.report.totals.encodeMs).toBeGreaterThanOrEqual(0);
  expect(plain.result.report.totals.encodeMs).toBeUndefined();
  const step = samplerSteps({ ...ditSampler }, 10)[5] as SamplerStep;
  for (const [image, { init }] of given.entries()) {
    expect(init).toEqual(addNoise(ditSampler, step, over, torchRandn(7 + image, size)));
  }
});

it('leaves the picture alone at strength 0, and takes none of it at 1', async () => {
  const none = await from(0);
  expect(none.given).toEqual([]);
  expect(none.result.latents.data).toEqual(over);
  expect(none.result.report).toMatchObject({
    policy: 'none',
    steps: [],
    totals: { ms: 0 },
    flopRatio: { executed: 1 },
  });
  const all = await from(1);
  expect(all.given).toEqual((await draw({ steps: 10, scheduler: 'ddim', numImages: 1 })).given);
  expect(all.result.report.totals.encodeMs).toBeUndefined();
});

it('draws the noise of the steps that are left, after that of the picture', async () => {
  const { given } = await from(0.2, { scheduler: 'ddpm-leading' });
  const generator = new TorchGenerator(7);
  const start = generator.randn(size);
  const [step] = samplerSteps(chooseSampler('ddpm-leading', ditSampler), 10).slice(8);
  expect(given[0]?.init).toEqual(addNoise(ditSampler, step as SamplerStep, over, start));
  // Of two steps the last, at timestep 0, takes none.
  expect(given[0]?.noise).toEqual(generator.randn(size));
});
