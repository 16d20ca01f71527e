import { fileURLToPath } from 'node:url';
import { pathSource } from '@webdit/weights/node';
import { afterEach, expect, it, vi } from 'vitest';
import type { ModelInput } from './model-input.ts';
import { DiffusionPipeline, type FromPretrainedOptions } from './pipeline.ts';
import { type EngineHost, settle, signalOfPort } from './protocol.ts';
import { fakeGpu } from './testing/fake-gpu.ts';
import { FakeWorker } from './testing/fake-worker.ts';
import type { PipelineInfo, ProgressEvent } from './types.ts';

const fakes = vi.hoisted(() => ({ gpu: null as ReturnType<typeof fakeGpu> | null }));
vi.mock('@webdit/gpu', async (original) => ({
  ...(await original<typeof import('@webdit/gpu')>()),
  requestDevice: async () => fakes.gpu?.holder,
  DiTModel: { create: async () => fakes.gpu?.model },
  timesKernels: () => false,
}));
afterEach(() => vi.unstubAllGlobals());

const thrown = new Error('no progress bar');
/** Loads with an `onProgress` that throws at the first event of `status`; what was thrown, and the events until then. */
async function loadThrowing(status: ProgressEvent['status'], model: ModelInput, options: FromPretrainedOptions) {
  const seen: string[] = [];
  const loading = DiffusionPipeline.fromPretrained(model, {
    ...options,
    onProgress: (event) => {
      seen.push(event.status);
      if (event.status === status) throw thrown;
    },
  });
  return { error: await loading.catch((error: unknown) => error), seen };
}

it.each(['initiate', 'progress', 'ready'] as const)(
  'stops a load in place whose onProgress throws at %s, and frees everything',
  async (status) => {
    const gpu = fakeGpu();
    fakes.gpu = gpu;
    const folder = pathSource(fileURLToPath(new URL('../../../goldens/dit-original-tiny', import.meta.url)));
    const { error, seen } = await loadThrowing(status, folder, { worker: false });
    expect(error).toBe(thrown);
    expect(seen.filter((name) => name === status)).toHaveLength(1);
    expect(seen.at(-1)).toBe(status);
    expect(gpu.model.dispose).toHaveBeenCalledOnce();
    expect(gpu.holder.destroy).toHaveBeenCalledOnce();
  },
);

it.each(['initiate', 'ready'] as const)(
  'stops a worker whose onProgress throws at %s only when it has let go of the GPU',
  async (status) => {
    const order: string[] = [];
    const host = {
      load: (_request, abort, onProgress) =>
        settle(async () => {
          const { signal, close } = signalOfPort(abort);
          await onProgress(
            status === 'ready' ? { status, name: 'tiny' } : { status, name: 'tiny', file: 'model.safetensors' },
          );
          if (status !== 'ready') {
            await vi.waitUntil(() => signal.aborted);
            order.push('load stopped');
            throw signal.reason;
          }
          close();
          return { name: 'tiny' } as PipelineInfo;
        }),
      dispose: () =>
        settle(async () => {
          order.push('disposed');
          return null;
        }),
    } as Partial<EngineHost> as EngineHost;
    vi.stubGlobal(
      'Worker',
      class extends FakeWorker {
        constructor() {
          super(host);
        }

        override terminate() {
          order.push('terminated');
          super.terminate();
        }
      },
    );
    const { error } = await loadThrowing(status, 'https://example.org/model/', {
      workerUrl: 'https://example.org/w.js',
    });
    expect(error).toBe(thrown);
    expect(order).toEqual([status === 'ready' ? 'disposed' : 'load stopped', 'terminated']);
  },
);
