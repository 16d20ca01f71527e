import { browserStore, filesSource, httpSource, type ModelSource, storedSource } from '@webdit/weights';
import { isTransferable, type TransferableModel } from './model-input.ts';
import type { ComputeDevice, DType, MathDType, TuneWhen, VaeBackend, WasmPaths } from './types.ts';

/** How to load a model, as plain data: what crosses to the worker. */
export interface LoadRequest extends EngineOptions {
  readonly model: TransferableModel;
  readonly store: StoreUse;
}

export interface EngineOptions {
  readonly device: ComputeDevice;
  readonly dtype: DType | 'auto';
  readonly math: MathDType | 'auto';
  readonly tune: TuneWhen;
  readonly vaeBackend: VaeBackend | 'auto';
  readonly wasmPaths: WasmPaths | null;
}

/** Whether a model from a URL may come from the browser's storage, and is to be kept there. */
export type StoreUse = 'auto' | 'read-only' | 'none';

/** The source a model names. */
export function sourceOf(model: TransferableModel | ModelSource, use: StoreUse): ModelSource {
  if (typeof model === 'string') {
    return storedSource(httpSource(model), use === 'none' ? null : browserStore(), { readOnly: use === 'read-only' });
  }
  return isTransferable(model) ? filesSource(model) : model;
}
