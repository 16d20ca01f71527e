import type { WasmPaths } from 'webdit';

/** What holds for every `<web-dit>` of the page. */
export interface Configuration {
  /** Where the worker script is, if the bundler cannot tell. */
  readonly workerUrl?: string | URL;
  /** Where onnxruntime-web's two files are, if the bundler cannot tell. */
  readonly wasmPaths?: WasmPaths;
  /** Milliseconds that a model stays loaded after the last element that used it is gone; default 5000. */
  readonly keepAlive?: number;
}

let current: Configuration = {};

/** Changes what holds for every `<web-dit>`. Models that are loaded stay as they are. */
export function configure(changes: Configuration): void {
  current = { ...current, ...changes };
}

export function configuration(): Configuration {
  return current;
}
