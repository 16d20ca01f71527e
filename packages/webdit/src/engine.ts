import { adoptDevice, requestDevice } from '@webdit/gpu';
import type { ModelSource } from '@webdit/weights';
import type { GenerateRequest } from './arguments.ts';
import type { Diagnoses, DiagnosisHooks, DiagnosisName } from './diagnosis/types.ts';
import type { EncodedText, EncodeHooks, EngineDriver, EngineResult, GenerateHooks } from './driver.ts';
import type { EngineOptions } from './load-request.ts';
import { type EngineParts, loadParts } from './loading.ts';
import { queuePictures } from './pictures.ts';
import { describe } from './pipeline-info.ts';
import { RunQueue } from './run-queue.ts';
import { FolderSchedules } from './schedules.ts';
import type { PromptEncoder } from './text/prompt-encoder.ts';
import type { ModelClass, PipelineInfo, ProgressEvent, WasmPaths } from './types.ts';

export interface LoadHooks {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress: (event: ProgressEvent) => void;
  /** Where this engine runs, for `info`. */
  readonly thread: PipelineInfo['thread'];
  /** The caller's device; the engine then never destroys it. */
  readonly device?: GPUDevice;
  /** Sentences for `info.notes`. */
  readonly notes?: readonly string[];
}

/** One model on one device, on whatever thread it was made. Runs one `generate` at a time; later calls queue. */
export class Engine implements EngineDriver {
  private readonly queue = new RunQueue();
  private readonly schedules: FolderSchedules;
  /** Null until a prompt has been given in words. */
  private textEncoder: PromptEncoder | null = null;

  private constructor(
    readonly info: PipelineInfo,
    private readonly parts: EngineParts,
    private readonly ownsDevice: boolean,
    private readonly files: { readonly source: ModelSource; readonly wasmPaths: WasmPaths | null },
  ) {
    this.schedules = new FolderSchedules(parts.folder);
  }

  /**
   * Opens the device, then the model. The device comes first: without one nothing is downloaded.
   * @throws WebDiTError `webgpu-unavailable`, `adapter-unavailable`, and whatever `loadParts` throws; or `signal.reason`.
   *   Nothing is left on the GPU then.
   */
  static async load(source: ModelSource, options: EngineOptions, hooks: LoadHooks): Promise<Engine> {
    hooks.signal?.throwIfAborted();
    const holder = hooks.device
      ? adoptDevice(hooks.device)
      : await requestDevice(typeof navigator === 'undefined' ? undefined : navigator.gpu);
    try {
      const parts = await loadParts(source, options, holder, hooks);
      const { wasmPaths } = options;
      return new Engine(describe(parts, hooks.thread, hooks.notes ?? []), parts, !hooks.device, { source, wasmPaths });
    } catch (error) {
      if (hooks.device) holder.release();
      else holder.destroy();
      throw error;
    }
  }

  async classes(): Promise<readonly ModelClass[] | null> {
    return this.parts.folder.classes;
  }

  generate(request: GenerateRequest, hooks: GenerateHooks): Promise<EngineResult> {
    const { parts, schedules } = this;
    return queuePictures(this.queue, { ...parts, schedules }, request, hooks);
  }

  encodeTexts(texts: readonly string[], { signal, onProgress }: EncodeHooks): Promise<readonly EncodedText[]> {
    return this.queue.run(signal, async (linked) => {
      await this.queue.gate.pass(linked);
      const { PromptEncoder } = await import('./text/prompt-encoder.ts');
      this.textEncoder ??= PromptEncoder.of(this.parts.folder, this.files);
      return this.textEncoder.encode(texts, { signal: linked, onProgress });
    });
  }

  diagnose<N extends DiagnosisName>(
    name: N,
    request: Diagnoses[N]['request'],
    { signal, onProgress }: DiagnosisHooks<N>,
  ): Promise<Diagnoses[N]['result']> {
    return this.queue.run(signal, async (linked) => {
      const { diagnose } = await import('./diagnosis/run.ts');
      return diagnose(this.parts, name, request, { signal: linked, onProgress });
    });
  }

  pause(): void {
    this.queue.gate.close();
  }

  resume(): void {
    this.queue.gate.open();
  }

  /** Stops what runs, then frees the GPU memory, and the device if the engine opened it. */
  async dispose(): Promise<void> {
    if (!(await this.queue.close())) return;
    const { model, vae, holder } = this.parts;
    try {
      await vae?.dispose();
      await this.textEncoder?.dispose();
    } finally {
      model.dispose();
      if (this.ownsDevice) holder.destroy();
      else holder.release();
    }
  }
}
