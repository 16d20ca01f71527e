import { fileURLToPath } from 'node:url';
import { WebDiTError } from '@webdit/core';
import type { ModelSource } from '@webdit/weights';
import { pathSource } from '@webdit/weights/node';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { GenerateRequest } from './arguments.ts';
import { Engine } from './engine.ts';
import { fakeGpu } from './testing/fake-gpu.ts';

const fakes = vi.hoisted(() => ({
  gpu: null as ReturnType<typeof fakeGpu> | null,
  createSession: vi.fn(),
  tunes: false,
  refusal: null as Error | null,
}));
vi.mock('@webdit/gpu', async (original) => ({
  ...(await original<typeof import('@webdit/gpu')>()),
  requestDevice: async () => fakes.gpu?.holder,
  DiTModel: {
    create: async () => {
      if (fakes.refusal) throw fakes.refusal;
      return fakes.gpu?.model;
    },
  },
  timesKernels: () => fakes.tunes,
}));
vi.mock('onnxruntime-web/wasm', () => ({
  env: { wasm: {} },
  InferenceSession: { create: fakes.createSession },
  Tensor: class {
    dispose() {}
  },
}));

const emojiDiT = pathSource(fileURLToPath(new URL('../../../models/emoji-dit', import.meta.url)));
const options = {
  device: 'webgpu',
  dtype: 'auto',
  math: 'auto',
  tune: 'auto',
  vaeBackend: 'wasm',
  wasmPaths: null,
} as const;
const request: GenerateRequest = {
  label: 'pizza',
  prompts: null,
  size: null,
  steps: 2,
  guidanceScale: 3,
  guidanceChannels: null,
  seed: 7,
  cache: 'none',
  scheduler: null,
  numImages: 1,
  outputType: 'latent',
  latents: null,
  start: null,
  previewEvery: null,
};
const load = (source: ModelSource = emojiDiT, signal?: AbortSignal) =>
  Engine.load(source, options, { signal, onProgress: () => {}, thread: 'page' });
const session = () => ({
  inputNames: ['latent'],
  outputNames: ['sample'],
  run: vi.fn(async () => {
    throw new Error('null function');
  }),
  release: vi.fn(async () => {}),
});

/** The folder with weights that never come, or break off while the VAE's session is made. */
function weightsThat(behave: 'hang' | 'break'): ModelSource {
  let opened = 0;
  return {
    ...emojiDiT,
    async open(path, openOptions) {
      const file = await emojiDiT.open(path, openOptions);
      // Opened first for its header.
      if (!file || !path.endsWith('.safetensors') || ++opened === 1) return file;
      const stream = () =>
        new ReadableStream<Uint8Array>({
          async pull() {
            if (behave === 'hang') return new Promise(() => {});
            await vi.waitFor(() => expect(fakes.createSession).toHaveBeenCalled());
            throw new Error('socket closed');
          },
        });
      return { ...file, stream };
    },
  };
}

let gpu: ReturnType<typeof fakeGpu>;
beforeEach(() => {
  gpu = fakeGpu();
  fakes.gpu = gpu;
  fakes.tunes = false;
  fakes.refusal = null;
  fakes.createSession.mockReset().mockImplementation(async () => session());
});

describe('Engine.load', () => {
  it('times kernels only once the VAE is open', async () => {
    fakes.tunes = true;
    let finish: (made: ReturnType<typeof session>) => void = () => {};
    fakes.createSession.mockReturnValue(
      new Promise((resolve) => {
        finish = resolve;
      }),
    );
    const loading = load();
    await vi.waitFor(() => expect(fakes.createSession).toHaveBeenCalled());
    // The weights are read by then.
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(gpu.model.finishLoading).not.toHaveBeenCalled();
    finish(session());
    await (await loading).dispose();
    expect(gpu.model.finishLoading).toHaveBeenCalledTimes(1);
  });

  it('rejects with the first failure, without waiting for the VAE’s runtime, and releases its session later', async () => {
    let finish: (made: object) => void = () => {};
    fakes.createSession.mockReturnValue(
      new Promise((resolve) => {
        finish = resolve;
      }),
    );
    await expect(load(weightsThat('break'))).rejects.toMatchObject({ code: 'not-found' });
    expect(gpu.model.dispose).toHaveBeenCalledOnce();
    expect(gpu.holder.destroy).toHaveBeenCalledOnce();
    const late = session();
    finish(late);
    await vi.waitFor(() => expect(late.release).toHaveBeenCalledOnce());
  });

  it('does not wait for the weights when the VAE cannot be opened', async () => {
    fakes.createSession.mockRejectedValue(new Error('no such opset'));
    await expect(load(weightsThat('hang'))).rejects.toMatchObject({
      code: 'format',
      cause: { message: 'no such opset' },
    });
    expect(gpu.model.dispose).toHaveBeenCalledOnce();
  });

  it('rejects with the caller’s reason while the VAE’s runtime still works', async () => {
    const controller = new AbortController();
    fakes.createSession.mockImplementation(() => {
      controller.abort('changed my mind');
      return new Promise(() => {});
    });
    await expect(load(emojiDiT, controller.signal)).rejects.toBe('changed my mind');
    expect(gpu.model.dispose).toHaveBeenCalledOnce();
  });
});

describe('a model that does not fit', () => {
  /** The folder, and how often its weights were opened: once for their header. */
  function countedWeights() {
    let opened = 0;
    const source: ModelSource = {
      ...emojiDiT,
      open(path, openOptions) {
        if (path.endsWith('.safetensors')) opened++;
        return emojiDiT.open(path, openOptions);
      },
    };
    return { source, opened: () => opened };
  }

  it('is refused before its weights are fetched', async () => {
    const { source, opened } = countedWeights();
    gpu.holder.maxStorageBufferBindingSize = 100_000;
    await expect(load(source)).rejects.toMatchObject({
      code: 'out-of-memory',
      message: expect.stringMatching(/^Buffer ".+" needs .+ MiB, but this adapter allows 0\.1 MiB\.$/),
      remedy: 'No dtype and no cache policy makes it fit: use a smaller model, or an adapter that allows more.',
    });
    expect(opened()).toBe(1);
    expect(gpu.holder.destroy).toHaveBeenCalledOnce();
  });

  it('is told with what takes less, where the GPU has no room for what its limits allow', async () => {
    const { source, opened } = countedWeights();
    fakes.refusal = new WebDiTError('out-of-memory', 'The GPU has no room.', 'Use less.');
    await expect(load(source)).rejects.toMatchObject({
      code: 'out-of-memory',
      message: 'The GPU has no room.',
      remedy: 'Use dtype int8, which takes 17.2 MiB in place of 25.8 MiB, or close other tabs that use the GPU.',
    });
    expect(opened()).toBe(1);
    fakes.refusal = new WebDiTError('device-lost', 'It is gone.', 'Load again.');
    await expect(load(source)).rejects.toBe(fakes.refusal);
  });
});

describe('Engine.generate', () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY])(
    'refuses latents that hold %f, also without a picture',
    async (value) => {
      gpu.latents.mockImplementation((size) => new Float32Array(size).fill(value, size - 1));
      const engine = await load();
      await expect(engine.generate(request, { onStep: () => {} })).rejects.toMatchObject({
        code: 'numeric',
        message: 'The latents of seed 7 are not finite after 2 steps at guidance 3.',
        remedy: expect.stringContaining('smaller guidanceScale'),
      });
    },
  );

  it('says that the device is lost when that is why the VAE fails, else that the decoder does', async () => {
    const engine = await load();
    const draw = () => engine.generate({ ...request, outputType: 'imageData' }, { onStep: () => {} });
    await expect(draw()).rejects.toMatchObject({ code: 'format', cause: { message: 'null function' } });
    const lost = new WebDiTError('device-lost', 'It is gone.', 'Load again.');
    gpu.holder.check.mockImplementation(() => {
      throw lost;
    });
    await expect(draw()).rejects.toBe(lost);
  });
});

it('frees the model and the device even when the VAE’s runtime fails to let go', async () => {
  fakes.createSession.mockResolvedValue({ ...session(), release: () => Promise.reject(new Error('stuck')) });
  const engine = await load();
  await expect(engine.dispose()).rejects.toThrow('stuck');
  expect(gpu.model.dispose).toHaveBeenCalledOnce();
  expect(gpu.holder.destroy).toHaveBeenCalledOnce();
});
