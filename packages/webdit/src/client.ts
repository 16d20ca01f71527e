import { WebDiTError } from '@webdit/core';
import type { StoreBackend } from '@webdit/weights';
import { proxy, type Remote, releaseProxy, transfer, wrap } from 'comlink';
import type { GenerateRequest } from './arguments.ts';
import type { Diagnoses, DiagnosisHooks, DiagnosisName } from './diagnosis/types.ts';
import type { EncodedText, EncodeHooks, EngineDriver, EngineResult, GenerateHooks, PlanInputs } from './driver.ts';
import type { LoadRequest } from './load-request.ts';
import { type EngineHost, type Outcome, settle, unwrap } from './protocol.ts';
import { shareStore } from './remote-store.ts';
import type { ModelClass, PipelineInfo, ProgressEvent } from './types.ts';

/** An engine in a worker. Rejects whatever is pending with `worker-crashed` when the worker dies. */
export class WorkerClient implements EngineDriver {
  readonly info: PipelineInfo;

  private constructor(
    private readonly link: WorkerLink,
    info: PipelineInfo,
  ) {
    this.info = info;
  }

  /**
   * @throws whatever `Engine.load` throws, `worker-crashed`, or `signal.reason`; the worker is gone then.
   */
  static async load(
    worker: Worker,
    request: LoadRequest,
    hooks: {
      signal?: AbortSignal | undefined;
      onProgress: (event: ProgressEvent) => void;
      store?: StoreBackend | undefined;
    },
  ): Promise<WorkerClient> {
    const link = new WorkerLink(worker);
    try {
      const info = await link.call(hooks.signal, (host, abort) =>
        host.load(
          request,
          transfer(abort, [abort]),
          proxy(hooks.onProgress),
          hooks.store ? shareStore(hooks.store) : null,
        ),
      );
      return new WorkerClient(link, info);
    } catch (error) {
      link.close();
      throw error;
    }
  }

  async classes(): Promise<readonly ModelClass[] | null> {
    const json = await this.link.call(undefined, (host) => host.classes());
    return JSON.parse(json) as readonly ModelClass[] | null;
  }

  generate(request: GenerateRequest, hooks: GenerateHooks): Promise<EngineResult> {
    const { compile, onPreview } = hooks;
    return this.link.call(hooks.signal, (host, abort) =>
      host.generate(
        request,
        transfer(abort, [abort]),
        proxy(hooks.onStep),
        compile ? proxy((inputs: PlanInputs) => settle(async () => compile(inputs))) : null,
        onPreview ? proxy(onPreview) : null,
      ),
    );
  }

  encodeTexts(texts: readonly string[], { signal, onProgress }: EncodeHooks): Promise<readonly EncodedText[]> {
    return this.link.call(signal, (host, abort) =>
      host.encodeTexts(texts, transfer(abort, [abort]), proxy(onProgress)),
    );
  }

  diagnose<N extends DiagnosisName>(
    name: N,
    request: Diagnoses[N]['request'],
    { signal, onProgress }: DiagnosisHooks<N>,
  ): Promise<Diagnoses[N]['result']> {
    return this.link.call(signal, (host, abort) =>
      host.diagnose(name, request, transfer(abort, [abort]), proxy(onProgress)),
    );
  }

  pause(): void {
    this.setPaused(true);
  }

  resume(): void {
    this.setPaused(false);
  }

  private setPaused(paused: boolean): void {
    // With a worker that is gone nothing runs, and whoever waits has been told.
    this.link.call(undefined, (host) => host.setPaused(paused)).catch(() => {});
  }

  /** Frees the GPU memory first, so that the adapter does not wait for the worker's garbage collector. */
  async dispose(): Promise<void> {
    if (this.link.crashed) return this.link.close();
    try {
      await this.link.call(undefined, (host) => host.dispose());
    } finally {
      this.link.close();
    }
  }
}

class WorkerLink {
  crashed: WebDiTError | null = null;
  private readonly host: Remote<EngineHost>;
  private readonly pending = new Set<(crash: WebDiTError) => void>();

  constructor(private readonly worker: Worker) {
    this.host = wrap<EngineHost>(worker);
    worker.addEventListener('error', (event) => {
      event.preventDefault();
      this.fail(crashError(event.message || 'it could not be started'));
    });
    worker.addEventListener('messageerror', () => this.fail(crashError('it sent a message that cannot be read')));
  }

  /** One call, abortable: rejects with the caller's own reason once the worker has stopped. */
  async call<T>(
    signal: AbortSignal | undefined,
    send: (host: Remote<EngineHost>, abort: MessagePort) => Promise<Outcome<T>>,
  ): Promise<T> {
    signal?.throwIfAborted();
    if (this.crashed) throw this.crashed;
    const { port1, port2 } = new MessageChannel();
    const onAbort = () => port1.postMessage('abort');
    signal?.addEventListener('abort', onAbort, { once: true });
    // A promise of this call's own: one that outlives the call would keep its result alive.
    let reject: (crash: WebDiTError) => void = () => {};
    const crash = new Promise<never>((_, rejectCall) => {
      reject = rejectCall;
    });
    this.pending.add(reject);
    try {
      const outcome = await Promise.race([send(this.host, port2), crash]);
      if (!outcome.ok) signal?.throwIfAborted();
      return unwrap(outcome);
    } finally {
      this.pending.delete(reject);
      signal?.removeEventListener('abort', onAbort);
      port1.close();
    }
  }

  close(): void {
    this.host[releaseProxy]();
    this.worker.terminate();
    this.fail(
      new WebDiTError('bad-argument', 'This pipeline has been disposed.', 'Create another one with fromPretrained().'),
    );
  }

  /** Rejects what is pending; later calls find the error in `crashed`. */
  private fail(error: WebDiTError): void {
    this.crashed ??= error;
    for (const reject of this.pending) reject(this.crashed);
  }
}

function crashError(reason: string): WebDiTError {
  return new WebDiTError(
    'worker-crashed',
    `The worker behind this pipeline stopped: ${reason}.`,
    'Create the pipeline again; if it never starts, check workerUrl and the page’s content security policy.',
  );
}
