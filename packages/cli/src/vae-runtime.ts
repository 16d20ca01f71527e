import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const require = createRequire(import.meta.url);

/** Where onnxruntime-web's own files are on this disk: the loader it carries inside reads WebAssembly over HTTP only. */
export function vaeWasmPaths(): { mjs: string; wasm: string } {
  return { mjs: fileUrl('ort-wasm-simd-threaded.mjs'), wasm: fileUrl('ort-wasm-simd-threaded.wasm') };
}

function fileUrl(name: string): string {
  return pathToFileURL(require.resolve(`onnxruntime-web/${name}`)).href;
}
