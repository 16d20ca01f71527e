import { WebDiTError } from '@webdit/core';
import type { Env, InferenceSession, Tensor } from 'onnxruntime-web';
import { abortable } from './abortable.ts';
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

/**
 * Imports the build that `backend` needs; the other one is never downloaded. `webgpu` takes `canWaitForGpu`.
 * @throws WebDiTError `network` when the package is not there.
 */
export async function loadOnnxRuntime(backend: VaeBackend, wasmPaths: WasmPaths | null): Promise<OnnxRuntime> {
  const runtime = await importBuild(backend);
  const { wasm, versions } = runtime.env;
  // Threads need SharedArrayBuffer, which pages have only when they are cross-origin isolated.
  const isolated = typeof crossOriginIsolated !== 'undefined' && crossOriginIsolated;
  if (!isolated) wasm.numThreads = 1;
  const paths = wasmPaths ?? folderOnCdn(import.meta.url, versions?.web);
  if (typeof paths === 'string') wasm.wasmPaths = { wasm: paths + wasmFiles[backend] };
  else if (paths) wasm.wasmPaths = { ...paths };
  return runtime;
}

const wasmFiles = { webgpu: 'ort-wasm-simd-threaded.jspi.wasm', wasm: 'ort-wasm-simd-threaded.wasm' } as const;

async function importBuild(backend: VaeBackend): Promise<OnnxRuntime> {
  // An optional peer: bundlers let it be missing inside `try` only.
  try {
    return backend === 'webgpu' ? await import('onnxruntime-web/jspi') : await import('onnxruntime-web/wasm');
  } catch (cause) {
    throw new WebDiTError(
      'network',
      `onnxruntime-web (${backend}) could not be loaded.`,
      'Install the package onnxruntime-web and check that its files are served.',
      { cause },
    );
  }
}

let lastCreation: Promise<unknown> = Promise.resolve();

/**
 * Makes a session whose weights may lie in other files, one after the other: onnxruntime keeps the files of all that are being made
 * in one list. One that arrives after an abort is released.
 * @throws onnxruntime's own errors; the signal's reason.
 */
export function createSession(
  { InferenceSession }: OnnxRuntime,
  model: Uint8Array,
  options: InferenceSession.SessionOptions,
  signal: AbortSignal,
): Promise<InferenceSession> {
  const creating = lastCreation.then(() => {
    signal.throwIfAborted();
    return InferenceSession.create(model, { ...quietSession, ...options });
  });
  lastCreation = creating.then(
    () => {},
    () => {},
  );
  return abortable(creating, signal, (late) => void late.release().catch(() => {}));
}

/**
 * What a failure in wasm means: `out-of-memory`, else `format`.
 * @param what was to be done, after "could not".
 * @param remedies for either.
 */
export function wasmError(
  what: string,
  cause: unknown,
  remedies: { readonly memory: string; readonly other: string },
): WebDiTError {
  const memory = /bad_alloc|out of memory|allocat/i.test(String(cause));
  return new WebDiTError(
    memory ? 'out-of-memory' : 'format',
    `onnxruntime-web (wasm) could not ${what}${memory ? ' for want of memory' : ''}.`,
    memory ? remedies.memory : remedies.other,
    { cause },
  );
}

/**
 * Without a bundler onnxruntime-web looks for its .wasm file beside itself. A CDN of npm packages, where this script then is in
 * `webdit@1.2.3/dist/`, has it in a package of its own.
 */
export function folderOnCdn(script: string, version: string | undefined): string | null {
  const [, root] = /^(https?:.*\/)(?:@webdit\/element|webdit)@[^/]+\/dist\//.exec(script) ?? [];
  return root && version ? `${root}onnxruntime-web@${version}/dist/` : null;
}
