import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/**
 * The element for a script tag: `web-dit.js` with everything a page needs at once, and beside it what is loaded on demand, found
 * by its address: `worker.js`, onnxruntime's files, and the engine for browsers that offer WebGPU to pages only.
 */
export default defineConfig({
  root: here('.'),
  base: './',
  publicDir: false,
  worker: {
    format: 'es',
    rolldownOptions: {
      output: { entryFileNames: 'worker.js', chunkFileNames: 'worker-[name].js', assetFileNames: '[name][extname]' },
    },
  },
  build: {
    outDir: here('dist'),
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: false,
    assetsInlineLimit: 0,
    rolldownOptions: {
      input: { 'web-dit': here('src/bundle.ts') },
      // What the lazy parts share with the entry stays in it, under short names of its own.
      preserveEntrySignatures: 'allow-extension',
      output: { entryFileNames: '[name].js', chunkFileNames: '[name].js', assetFileNames: '[name][extname]' },
    },
  },
});
