import { requireDiT } from '@webdit/core';
import { type ModelSource, openModelFolder } from '@webdit/weights';
import type { GenerateRequest } from '../arguments.ts';
import { refuseDiagnosis } from '../diagnosis/refuse.ts';
import type { EngineDriver, EngineResult, GenerateHooks } from '../driver.ts';
import type { LoadHooks } from '../engine.ts';
import { fillModel } from '../fill-model.ts';
import type { EngineOptions } from '../load-request.ts';
import { type DrawingParts, queuePictures } from '../pictures.ts';
import { describe } from '../pipeline-info.ts';
import { RunQueue } from '../run-queue.ts';
import { FolderSchedules } from '../schedules.ts';
import { noEncoder } from '../text/refusals.ts';
import type { ModelClass, PipelineInfo } from '../types.ts';
import { CpuModel } from './cpu-model.ts';

interface CpuParts extends DrawingParts {
  readonly model: CpuModel;
}

/** One model on the processor, for browsers without WebGPU: uncached, f32. Runs one `generate` at a time; later calls queue. */
export class CpuEngine implements EngineDriver {
  private readonly queue = new RunQueue();

  private constructor(
    readonly info: PipelineInfo,
    private readonly parts: CpuParts,
  ) {}

  /**
   * Loads a model folder of any layout into onnxruntime-web.
   * @throws WebDiTError what `openModelFolder` and `fillModel` throw, `out-of-memory`; or `signal.reason`. Nothing is kept then.
   */
  static async load(source: ModelSource, options: EngineOptions, hooks: LoadHooks): Promise<CpuEngine> {
    const { signal, onProgress, thread, notes = [] } = hooks;
    signal?.throwIfAborted();
    const folder = requireDiT(await openModelFolder(source, { signal }), 'The engine without WebGPU');
    const model = await CpuModel.create(folder.config, options.wasmPaths);
    const { vae, encoder, storage } = await fillModel(model, {
      source,
      folder,
      options,
      holder: null,
      dtype: 'f32',
      // onnxruntime forgets the weights' files when any session has been made.
      vaeFirst: true,
      signal,
      onProgress,
    });
    const parts = {
      device: 'wasm',
      holder: { adapterInfo: describeCpu(model.threads), check: () => {} },
      folder,
      schedules: new FolderSchedules(folder),
      model,
      vae,
      encoder,
      dtype: 'f32',
    } as const;
    return new CpuEngine(describe({ ...parts, storage }, thread, notes), parts);
  }

  async classes(): Promise<readonly ModelClass[] | null> {
    return this.parts.folder.classes;
  }

  generate(request: GenerateRequest, hooks: GenerateHooks): Promise<EngineResult> {
    return queuePictures(this.queue, this.parts, request, hooks);
  }

  readonly diagnose = refuseDiagnosis;

  /** It runs no text models. */
  async encodeTexts(): Promise<never> {
    throw noEncoder();
  }

  pause(): void {
    this.queue.gate.close();
  }

  resume(): void {
    this.queue.gate.open();
  }

  /** Stops what runs, then frees the memory. */
  async dispose(): Promise<void> {
    if (!(await this.queue.close())) return;
    const { model, vae } = this.parts;
    try {
      await vae?.dispose();
    } finally {
      await model.dispose();
    }
  }
}

function describeCpu(threads: number): PipelineInfo['adapter'] {
  const description = `onnxruntime-web wasm on the CPU, ${threads} thread${threads === 1 ? '' : 's'}`;
  return { vendor: '', architecture: 'wasm', device: 'cpu', description, isFallback: true };
}
