import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type RunPlan, WebDiTError } from '@webdit/core';
import { afterEach, expect, it, vi } from 'vitest';
import type { GenerateRequest } from './arguments.ts';
import { WorkerClient } from './client.ts';
import type { EngineResult, GenerateHooks, PlanInputs } from './driver.ts';
import type { LoadRequest } from './load-request.ts';
import { type EngineHost, type Outcome, settle, signalOfPort, unwrap } from './protocol.ts';
import { FakeWorker } from './testing/fake-worker.ts';
import type { PipelineInfo, PreviewEvent, ProgressEvent, StepEvent } from './types.ts';

const info = { name: 'tiny' } as PipelineInfo;
const request = { label: 1 } as GenerateRequest;
const loadRequest: LoadRequest = {
  model: 'https://x/',
  device: 'webgpu',
  dtype: 'auto',
  math: 'auto',
  tune: 'auto',
  store: 'none',
  accessToken: null,
  vaeBackend: 'auto',
  wasmPaths: null,
};
const step: StepEvent = { image: 0, n: 0, steps: 1, kind: 'full', ms: 1, flops: 2 };

const host = (over: Partial<EngineHost> = {}): EngineHost => ({
  load: (_request, _abort, onProgress) =>
    settle(async () => {
      await onProgress({ status: 'ready', name: 'tiny' });
      return info;
    }),
  generate: (_request, _abort, onStep) =>
    settle(async () => {
      await onStep(step);
      return { seed: 7 } as EngineResult;
    }),
  encodeTexts: (texts, _abort, onProgress) =>
    settle(async () => {
      await onProgress({ status: 'ready', name: 'tiny' });
      return texts.map((text) => ({ embeddings: new Float32Array(text.length), mask: [1], surplus: 0 }));
    }),
  diagnose: (_name, _request, _abort, onProgress) =>
    settle(async () => {
      await onProgress({ what: 'steps', done: 1, total: 2 } as never);
      return { format: 'webdit-bench/1' } as never;
    }),
  classes: () => settle(async () => JSON.stringify([{ id: 0, label: 'pizza' }])),
  setPaused: () => settle(async () => null),
  dispose: () => settle(async () => null),
  ...over,
});

let worker: FakeWorker | undefined;
afterEach(() => worker?.terminate());

async function load(over: Partial<EngineHost> = {}, progress: ProgressEvent[] = []) {
  worker = new FakeWorker(host(over));
  const client = await WorkerClient.load(worker as unknown as Worker, loadRequest, {
    onProgress: (event) => progress.push(event),
  });
  return { client, worker };
}
const never = () => new Promise<never>(() => {});

it('brings info, events and results across', async () => {
  const progress: ProgressEvent[] = [];
  const { client } = await load({}, progress);
  const steps: StepEvent[] = [];
  const result = await client.generate(request, { onStep: (event) => steps.push(event) });
  expect(client.info).toEqual(info);
  expect(progress).toEqual([{ status: 'ready', name: 'tiny' }]);
  expect(steps).toEqual([step]);
  expect(result.seed).toBe(7);
  expect(await client.classes()).toEqual([{ id: 0, label: 'pizza' }]);
});

it('pauses and resumes what the worker runs; of a worker that is gone nothing is asked', async () => {
  const told: boolean[] = [];
  const setPaused: EngineHost['setPaused'] = (paused) =>
    settle(async () => {
      told.push(paused);
      return null;
    });
  const { client, worker } = await load({ setPaused });
  client.pause();
  client.resume();
  await vi.waitFor(() => expect(told).toEqual([true, false]));
  worker.crash('gone');
  client.pause();
  await new Promise((resolve) => setTimeout(resolve));
  expect(told).toEqual([true, false]);
});

it('brings previews across for whoever listens', async () => {
  const preview = { image: 0, n: 1, steps: 3, preview: { width: 1, height: 1 } } as PreviewEvent;
  const { client } = await load({
    generate: (_request, _abort, _onStep, _compile, onPreview) =>
      settle(async () => {
        await onPreview?.(preview);
        return { seed: onPreview ? 1 : 0 } as EngineResult;
      }),
  });
  const seen: PreviewEvent[] = [];
  const onStep = () => {};
  expect((await client.generate(request, { onStep, onPreview: (event) => seen.push(event) })).seed).toBe(1);
  expect(seen).toEqual([preview]);
  expect((await client.generate(request, { onStep })).seed).toBe(0);
});

it('brings a diagnosis across: its request, its events and its result', async () => {
  const asked: unknown[] = [];
  const plain = host();
  const { client } = await load({
    diagnose: (name, request, abort, onProgress) => {
      asked.push([name, request]);
      return plain.diagnose(name, request, abort, onProgress);
    },
  });
  const events: unknown[] = [];
  const result = await client.diagnose('benchmark', { quick: true }, { onProgress: (event) => events.push(event) });
  expect(asked).toEqual([['benchmark', { quick: true }]]);
  expect(events).toEqual([{ what: 'steps', done: 1, total: 2 }]);
  expect(result.format).toBe('webdit-bench/1');
});

it('brings texts across, and what became of them', async () => {
  const { client } = await load();
  const events: unknown[] = [];
  const encoded = await client.encodeTexts(['fox', ''], { onProgress: (event) => events.push(event) });
  expect(encoded.map(({ embeddings, ...rest }) => [embeddings.length, rest])).toEqual([
    [3, { mask: [1], surplus: 0 }],
    [0, { mask: [1], surplus: 0 }],
  ]);
  expect(events).toEqual([{ status: 'ready', name: 'tiny' }]);
});

it('lends the worker the page’s compiler: plans and errors come back whole', async () => {
  const inputs = { steps: 2 } as PlanInputs;
  const over: Partial<EngineHost> = {
    generate: (_request, _abort, _onStep, compile) =>
      settle(async () => {
        const plan = unwrap((await compile?.(inputs)) as Outcome<RunPlan>);
        return { seed: plan.steps.length } as EngineResult;
      }),
  };
  const { client } = await load(over);
  const draw = (compile: GenerateHooks['compile']) => client.generate(request, { onStep: () => {}, compile });
  const compile = ({ steps }: PlanInputs) =>
    ({ steps: Array.from({ length: steps }, (_, n) => ({ n })) }) as unknown as RunPlan;
  expect((await draw(compile)).seed).toBe(2);
  const refuse = () => {
    throw new WebDiTError('schedule-mismatch', 'No plan.', 'Make another.');
  };
  await expect(draw(refuse)).rejects.toMatchObject({ code: 'schedule-mismatch', remedy: 'Make another.' });
});

it('rejects with the worker’s own WebDiTError, and frees a worker whose load failed', async () => {
  const failing = () =>
    settle(async (): Promise<PipelineInfo> => {
      throw new WebDiTError('not-found', 'No folder.', 'Look elsewhere.');
    });
  await expect(load({ load: failing })).rejects.toMatchObject({ code: 'not-found', remedy: 'Look elsewhere.' });
  expect(worker?.terminated).toBe(true);
});

it('carries an abort across and rejects with the caller’s own reason', async () => {
  let stopped = false;
  const { client } = await load({
    generate: (_request, abort) =>
      settle(async () => {
        const { signal, close } = signalOfPort(abort);
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        stopped = true;
        close();
        throw signal.reason;
      }),
  });
  const controller = new AbortController();
  const running = client.generate(request, { signal: controller.signal, onStep: () => {} });
  const reason = new Error('changed my mind');
  controller.abort(reason);
  await expect(running).rejects.toBe(reason);
  expect(stopped).toBe(true);
});

it('rejects what is pending, and all later calls, when the worker crashes', async () => {
  const { client, worker } = await load({ generate: never });
  const running = client.generate(request, { onStep: () => {} });
  worker.crash('out of stack');
  await expect(running).rejects.toMatchObject({
    code: 'worker-crashed',
    message: expect.stringContaining('out of stack'),
  });
  await expect(client.generate(request, { onStep: () => {} })).rejects.toMatchObject({ code: 'worker-crashed' });
  await client.dispose();
  expect(worker.terminated).toBe(true);
});

it('reports a worker that cannot start', async () => {
  worker = new FakeWorker(host({ load: never }));
  const loading = WorkerClient.load(worker as unknown as Worker, loadRequest, { onProgress: () => {} });
  worker.crash('');
  await expect(loading).rejects.toMatchObject({ code: 'worker-crashed', remedy: expect.stringContaining('workerUrl') });
});

it('disposes the engine before it ends the worker', async () => {
  const order: string[] = [];
  const { client, worker } = await load({
    dispose: () =>
      settle(async () => {
        order.push(`disposed, terminated: ${worker.terminated}`);
        return null;
      }),
  });
  await client.dispose();
  expect(order).toEqual(['disposed, terminated: false']);
  expect(worker.terminated).toBe(true);
});

it('lets go of a result once its caller has', async () => {
  const { client } = await load();
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const draw = async () => new WeakRef(await client.generate(request, { onStep: () => {} }));
  const result = await draw();
  await vi.waitFor(() => {
    collect();
    // Not the result itself, which a failed assertion would keep.
    expect(result.deref() === undefined).toBe(true);
  });
});
