import {
  browserStore,
  customStore,
  directorySource,
  filesSource,
  type ModelSource,
  networkSource,
  type StoreBackend,
  storedSource,
} from '@webdit/weights';
import { isDirectory, isTransferable, type TransferableModel } from './model-input.ts';
import type { ComputeDevice, DType, MathDType, TuneWhen, VaeBackend, WasmPaths } from './types.ts';

/** How to load a model, as plain data: what crosses to the worker. */
export interface LoadRequest extends EngineOptions {
  readonly model: TransferableModel;
  readonly store: StoreUse;
  /** For the Hugging Face hub; null for none. */
  readonly accessToken: string | null;
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

/**
 * The source a model names.
 * @param use of the browser's storage, or a store of the caller's own.
 * @param accessToken sent to the Hugging Face hub for a model there, and nowhere else.
 */
export function sourceOf(
  model: TransferableModel | ModelSource,
  use: StoreUse | StoreBackend,
  accessToken: string | null,
): ModelSource {
  if (typeof model === 'string') {
    const store = typeof use === 'object' ? customStore(use) : use === 'none' ? null : browserStore();
    return storedSource(networkSource(model, { accessToken: accessToken ?? undefined }), store, {
      readOnly: use === 'read-only',
    });
  }
  if (isDirectory(model)) return directorySource(model);
  return isTransferable(model) ? filesSource(model) : model;
}
