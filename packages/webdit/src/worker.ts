import { expose, type ProxyMarked, type Remote, releaseProxy, transfer } from 'comlink';
import type { EngineDriver, PlanInputs } from './driver.ts';
import { loadEngine } from './load-engine.ts';
import { sourceOf } from './load-request.ts';
import { type EngineHost, type Outcome, settle, signalOfPort, unwrap } from './protocol.ts';
import { remoteStore, type StoreHost } from './remote-store.ts';

/** The worker behind `DiffusionPipeline`: one engine, driven over comlink. */
let engine: EngineDriver | null = null;

const host: EngineHost = {
  load: (request, abort, onProgress, store) =>
    answer(abort, onProgress, async (signal, send) => {
      const backend = store ? remoteStore(store as unknown as Remote<StoreHost>) : request.store;
      engine = await loadEngine(sourceOf(request.model, backend, request.accessToken), request, {
        thread: 'worker',
        signal,
        onProgress: send,
      });
      return engine.info;
    }),

  async generate(request, abort, onStep, compile, onPreview) {
    const { signal, close } = signalOfPort(abort);
    const events = relay(onStep);
    const previews = onPreview && relay(onPreview, ({ preview }) => [preview.data.buffer]);
    const compiler = compile as unknown as Remote<NonNullable<typeof compile>> | null;
    const outcome = await settle(async () => {
      if (!engine) throw new Error('generate before load');
      return engine.generate(request, {
        signal,
        onStep: events.send,
        onPreview: previews?.send,
        ...(compiler ? { compile: async (inputs: PlanInputs) => unwrap(await compiler(inputs)) } : {}),
      });
    });
    close();
    compiler?.[releaseProxy]();
    await events.finish();
    await previews?.finish();
    return outcome.ok ? transfer(outcome, transferables(outcome.value)) : outcome;
  },

  async encodeTexts(texts, abort, onProgress) {
    const outcome = await answer(abort, onProgress, async (signal, send) => {
      if (!engine) throw new Error('encodeTexts before load');
      return engine.encodeTexts(texts, { signal, onProgress: send });
    });
    if (!outcome.ok) return outcome;
    return transfer(
      outcome,
      outcome.value.map(({ embeddings }) => embeddings.buffer as ArrayBuffer),
    );
  },

  diagnose: (name, request, abort, onProgress) =>
    answer(abort, onProgress, async (signal, send) => {
      if (!engine) throw new Error('diagnose before load');
      return engine.diagnose(name, request, { signal, onProgress: send });
    }),

  classes: () => settle(async () => JSON.stringify((await engine?.classes()) ?? null)),

  setPaused: (paused) =>
    settle(async () => {
      if (paused) engine?.pause();
      else engine?.resume();
      return null;
    }),

  dispose: () =>
    settle(async () => {
      await engine?.dispose();
      engine = null;
      return null;
    }),
};

/** One call that tells of its progress. */
async function answer<E extends object, T>(
  abort: MessagePort,
  onProgress: ((event: E) => void) & ProxyMarked,
  work: (signal: AbortSignal, send: (event: E) => void) => Promise<T>,
): Promise<Outcome<T>> {
  const { signal, close } = signalOfPort(abort);
  const events = relay(onProgress);
  const outcome = await settle(() => work(signal, events.send));
  close();
  await events.finish();
  return outcome;
}

/**
 * Sends events to a callback on the page without waiting for it. `finish` waits until the last one has arrived (it
 * travels on another port than the result does) and closes the port, which would otherwise stay open for each call.
 */
function relay<E extends object>(
  callback: ((event: E) => void) & ProxyMarked,
  transferablesOf: (event: E) => Transferable[] = () => [],
) {
  const remote = callback as unknown as Remote<(event: E) => void>;
  let last: Promise<unknown> = Promise.resolve();
  return {
    send: (event: E) => {
      last = (remote as unknown as (event: E) => Promise<void>)(transfer(event, transferablesOf(event)));
    },
    finish: async () => {
      await last;
      remote[releaseProxy]();
    },
  };
}

function transferables(result: { images: readonly unknown[]; latents: { data: Float32Array } }): Transferable[] {
  const list: Transferable[] = [result.latents.data.buffer as ArrayBuffer];
  for (const image of result.images) {
    if (image instanceof ImageBitmap) list.push(image);
    if (image instanceof ImageData) list.push(image.data.buffer);
  }
  return list;
}

expose(host);
