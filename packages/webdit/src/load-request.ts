import { filesSource, httpSource, type ModelSource } from '@webdit/weights';
import type { DType, MathDType, TuneWhen, VaeBackend, WasmPaths } from './types.ts';

/** How to load a model, as plain data: what crosses to the worker. */
export interface LoadRequest extends EngineOptions {
  /** An absolute URL, or files the user picked. */
  readonly model: string | readonly File[];
}

export interface EngineOptions {
  readonly dtype: DType | 'auto';
  readonly math: MathDType | 'auto';
  readonly tune: TuneWhen;
  readonly vaeBackend: VaeBackend | 'auto';
  readonly wasmPaths: WasmPaths | null;
}

/** The source a request names. */
export function sourceOf(model: LoadRequest['model']): ModelSource {
  return typeof model === 'string' ? httpSource(model) : filesSource(model);
}
