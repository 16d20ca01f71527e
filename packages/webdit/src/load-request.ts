import { filesSource, httpSource, type ModelSource } from '@webdit/weights';
import { isTransferable, type TransferableModel } from './model-input.ts';
import type { ComputeDevice, DType, MathDType, TuneWhen, VaeBackend, WasmPaths } from './types.ts';

/** How to load a model, as plain data: what crosses to the worker. */
export interface LoadRequest extends EngineOptions {
  readonly model: TransferableModel;
}

export interface EngineOptions {
  readonly device: ComputeDevice;
  readonly dtype: DType | 'auto';
  readonly math: MathDType | 'auto';
  readonly tune: TuneWhen;
  readonly vaeBackend: VaeBackend | 'auto';
  readonly wasmPaths: WasmPaths | null;
}

/** The source a model names. */
export function sourceOf(model: TransferableModel | ModelSource): ModelSource {
  if (typeof model === 'string') return httpSource(model);
  return isTransferable(model) ? filesSource(model) : model;
}
