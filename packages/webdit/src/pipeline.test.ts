import { afterEach, describe, expect, it, vi } from 'vitest';
import type { LoadRequest } from './load-request.ts';
import { DiffusionPipeline, type FromPretrainedOptions } from './pipeline.ts';
import { type EngineHost, settle } from './protocol.ts';
import { FakeWorker } from './testing/fake-worker.ts';
import { testInfo } from './testing/info.ts';
import type { PipelineInfo } from './types.ts';

const url = 'https://example.org/model/';
const load = (model: unknown, options: object = {}) =>
  DiffusionPipeline.fromPretrained(model as string, { worker: false, ...options } as FromPretrainedOptions);
const fakeDevice = { queue: {} };

afterEach(() => vi.unstubAllGlobals());

describe('fromPretrained', () => {
  const refused: [string, unknown, object | null, string][] = [
    ['an unknown option', url, { quantize: true }, 'fromPretrained() has no option "quantize".'],
    ['an unknown dtype', url, { dtype: 'int4' }, 'dtype is "int4".'],
    ['an unknown math', url, { math: 'int8' }, 'math is "int8".'],
    ['an unknown tune', url, { tune: 'sometimes' }, 'tune is "sometimes".'],
    ['an unknown VAE backend', url, { vaeBackend: 'webnn' }, 'vaeBackend is "webnn".'],
    ['a worker that is no boolean', url, { worker: 'yes' }, 'worker is "yes".'],
    ['an unknown store', url, { store: 'opfs' }, 'store is "opfs".'],
    ['a store that can only get', url, { store: { get: () => null } }, 'store is an object.'],
    ['a token that is none', url, { accessToken: 'pw' }, 'accessToken is not an access token of the Hugging Face hub.'],
    ['a device that is none', url, { device: 'gpu' }, 'device is "gpu".'],
    [
      'halves on the processor',
      url,
      { device: 'wasm', dtype: 'f16' },
      'dtype is "f16", but device \'wasm\' computes in f32 on the processor.',
    ],
    ['a VAE on the GPU without one', url, { device: 'wasm', vaeBackend: 'webgpu' }, 'vaeBackend is "webgpu", but'],
    ['tuning without a GPU', url, { device: 'wasm', tune: 'always' }, 'tune is "always", but'],
    [
      'a device together with a worker',
      url,
      { device: fakeDevice, worker: true },
      'A GPUDevice cannot cross to a worker.',
    ],
    ['onProgress that is no function', url, { onProgress: 1 }, 'onProgress is 1.'],
    ['a signal that is none', url, { signal: 'stop' }, 'signal is "stop".'],
    ['options that are no object', url, null, 'The options of fromPretrained() are null.'],
    ['an unknown file of the wasm runtime', url, { wasmPaths: { worker: '/x' } }, 'wasmPaths has no option "worker".'],
    ['a relative URL where there is no page', 'models/tiny', {}, '"models/tiny" is not a URL.'],
    ['an empty URL', '', {}, 'model is "".'],
    ['a number', 7, {}, 'model is 7.'],
    ['no files', [], {}, 'model is a list that does not hold files.'],
    ['things that are no files', ['a.safetensors'], {}, 'model is a list that does not hold files.'],
    ['workers where there are none', url, { worker: true }, 'There are no web workers here.'],
  ];
  it.each(refused)('refuses %s', async (_, model, options, message) => {
    const made = options === null ? DiffusionPipeline.fromPretrained(url, null as never) : load(model, options);
    await expect(made).rejects.toMatchObject({ code: 'bad-argument', message: expect.stringContaining(message) });
  });

  it('says so when there is no WebGPU, before anything is downloaded', async () => {
    await expect(load(url)).rejects.toMatchObject({ code: 'webgpu-unavailable' });
  });

  it('says so when there is no adapter, before anything is downloaded', async () => {
    vi.stubGlobal('navigator', { gpu: { requestAdapter: async () => null } });
    const open = vi.fn();
    await expect(load({ name: 'model', weightsFile: null, open })).rejects.toMatchObject({
      code: 'adapter-unavailable',
      remedy: expect.stringContaining('graphics driver'),
    });
    expect(open).not.toHaveBeenCalled();
  });

  it('hands an access token to the worker', async () => {
    const requests: LoadRequest[] = [];
    const host = {
      load: (request: LoadRequest) => {
        requests.push(request);
        return settle(async () => testInfo as PipelineInfo);
      },
      dispose: () => settle(async () => null),
    };
    const worker = new FakeWorker(host as Partial<EngineHost> as EngineHost);
    vi.stubGlobal('Worker', function Worker() {
      return worker;
    });
    const pipe = await load('hf:owner/name', { worker: true, accessToken: 'hf_secret' });
    expect(requests).toMatchObject([{ model: 'hf:owner/name', accessToken: 'hf_secret', store: 'auto' }]);
    await pipe.dispose();
  });

  it('rejects with the reason of a signal that has already fired', async () => {
    const reason = new Error('too late');
    await expect(load(url, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});
