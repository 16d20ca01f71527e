import { expect, it } from 'vitest';
import { folderOnCdn } from './onnx-runtime.ts';

it.each([
  [
    'https://cdn.example/npm/webdit@0.1.0/dist/standalone/worker.js',
    'https://cdn.example/npm/onnxruntime-web@1.30.0/dist/',
  ],
  [
    'https://cdn.example/@webdit/element@1/dist/standalone/worker.js',
    'https://cdn.example/onnxruntime-web@1.30.0/dist/',
  ],
  ['http://localhost:5173/node_modules/.pnpm/webdit@0.1.0/node_modules/webdit/dist/onnx-runtime.js', null],
  ['https://site.example/webdit/worker.js', null],
  ['file:///home/me/webdit@0.1.0/dist/worker.js', null],
])('looks for the WebAssembly of %s in %s', (script, folder) => {
  expect(folderOnCdn(script, '1.30.0')).toBe(folder);
});
