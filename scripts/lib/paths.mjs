import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** JavaScript entries of the tools, called through `node` so that no shell or .cmd shim is involved. */
export const tools = {
  biome: join(root, 'node_modules/@biomejs/biome/bin/biome'),
  tsc: join(root, 'node_modules/typescript/bin/tsc'),
  vite: join(root, 'node_modules/vite/bin/vite.js'),
  vitest: join(root, 'node_modules/vitest/vitest.mjs'),
  playwright: join(root, 'node_modules/playwright/cli.js'),
  publint: join(root, 'node_modules/publint/src/cli.js'),
  attw: join(root, 'node_modules/@arethetypeswrong/cli/dist/index.js'),
  sizeLimit: join(root, 'node_modules/size-limit/bin.js'),
};
