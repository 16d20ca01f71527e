import { defineConfig } from 'vite';

// `vite build --ssr` at the root makes the CLI: everything goes into one file, shader texts included, but for Dawn, whose
// native library Node loads by itself.
export default defineConfig({
  ssr: { noExternal: true, external: ['webgpu'] },
  build: {
    ssr: true,
    outDir: 'packages/cli/dist',
    target: 'node20',
    minify: false,
    license: { fileName: 'LICENSES.md' },
    rolldownOptions: {
      input: 'packages/cli/src/main.ts',
      output: { entryFileNames: 'webdit.js', codeSplitting: false, banner: '#!/usr/bin/env node' },
    },
  },
});
