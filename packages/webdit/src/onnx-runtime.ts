import type { Env, InferenceSession, Tensor } from 'onnxruntime-web';
import type { VaeBackend, WasmPaths } from './types.ts';

/** The part of onnxruntime-web used here; its two builds export the same names. */
export interface OnnxRuntime {
  readonly env: Env;
  readonly InferenceSession: {
    create(model: Uint8Array, options: InferenceSession.SessionOptions): Promise<InferenceSession>;
  };
  readonly Tensor: typeof Tensor;
}

/** What every session is made with: warnings are onnxruntime's own business; errors still arrive as exceptions. */
export const quietSession: InferenceSession.SessionOptions = { logSeverityLevel: 3 };

/**
 * Whether onnxruntime-web's GPU build can run: it waits for the GPU by WebAssembly's promise integration (JSPI). The build that
 * does without is 27 MB, more than many hosts take as one file.
 */
export const canWaitForGpu = 'Suspending' in WebAssembly;

/** Imports the build that `backend` needs; the other one is never downloaded. `webgpu` takes `canWaitForGpu`. */
export async function loadOnnxRuntime(backend: VaeBackend, wasmPaths: WasmPaths | null): Promise<OnnxRuntime> {
  const runtime: OnnxRuntime =
    backend === 'webgpu' ? await import('onnxruntime-web/jspi') : await import('onnxruntime-web/wasm');
  const { wasm } = runtime.env;
  // Threads need SharedArrayBuffer, which pages have only when they are cross-origin isolated.
  const isolated = typeof crossOriginIsolated !== 'undefined' && crossOriginIsolated;
  if (!isolated) wasm.numThreads = 1;
  if (wasmPaths) wasm.wasmPaths = { ...wasmPaths };
  return runtime;
}
