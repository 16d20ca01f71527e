import { defineConfig } from 'vite';

// `vite build --ssr` at the root makes the CLI: workspace packages and shader texts go into one file, while packages with
// native code or data files beside them stay what Node loads by itself.
export default defineConfig({
  ssr: { noExternal: true, external: ['webgpu', 'onnxruntime-web'] },
  build: {
    ssr: true,
    outDir: 'packages/cli/dist',
    target: 'node20',
    minify: false,
    rolldownOptions: {
      input: 'packages/cli/src/main.ts',
      output: { entryFileNames: 'webdit.js', codeSplitting: false },
    },
  },
});
