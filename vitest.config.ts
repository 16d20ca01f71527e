import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

// WEBDIT_FULL=1 runs the slow files (*.full.test.ts, *.full.gpu.test.ts) and only those.
const full = Boolean(process.env.WEBDIT_FULL);
const roots = '{packages,shaders,apps,testing,scripts,bench,docs}';
const ignored = ['**/node_modules/**', '**/dist/**'];

const unit: TestProjectInlineConfiguration = {
  extends: true,
  test: {
    name: 'unit',
    include: [full ? `${roots}/**/*.full.test.ts` : `${roots}/**/*.test.ts`],
    exclude: [...ignored, '**/*.gpu.test.ts', ...(full ? [] : ['**/*.full.test.ts'])],
  },
};

interface Lane {
  /** Files that run on this adapter. */
  readonly include?: string[];
  readonly exclude?: string[];
}

/** GPU tests on one adapter: a process per file, one at a time, since a software GPU takes every core. */
function onGpu(name: string, env: Record<string, string>, lane: Lane = {}): TestProjectInlineConfiguration {
  return {
    extends: true,
    test: {
      name,
      include: [`${roots}/**/*${full ? '.full' : ''}.gpu.test.ts`, ...(lane.include ?? [])],
      exclude: [...ignored, ...(lane.exclude ?? []), ...(full ? [] : ['**/*.full.gpu.test.ts'])],
      env,
      pool: 'forks',
      maxWorkers: 1,
      fileParallelism: false,
      testTimeout: full ? 900_000 : 60_000,
      hookTimeout: 60_000,
      sequence: { groupOrder: 1 },
    },
  };
}

const onSwiftShader = ['packages/**/*.gpu.test.ts', 'shaders/!(matmul|arithmetic_probe)/*.gpu.test.ts'];
const swiftShader = { WEBDIT_ADAPTER: 'swiftshader' };
const capped = { ...swiftShader, WEBDIT_MAX_BINDING: String(8 * 2 ** 20) };

export default defineConfig({
  test: {
    projects: [
      unit,
      // What takes long and hangs on no adapter runs on one, the faster: DiT-XL/2, the kinds of steps, the samplers, the policies on
      // PixArt, and the commands that draw many pictures, write models or count memory.
      onGpu('gpu-swiftshader', swiftShader, {
        exclude: [
          '**/{convert,generate,memory-count,pixart,samplers,shards,slurm,step-kinds,study,xl}.full.gpu.test.ts',
        ],
      }),
      // Lavapipe compiles slowly: of `npm test` it runs what needs shader-f16, which SwiftShader has not, and the goldens; with the
      // full tests the rest, but for the quick part of attention, all of which is there, and for what hangs on no adapter.
      onGpu(
        'gpu-lavapipe',
        { WEBDIT_ADAPTER: 'lavapipe' },
        full
          ? {
              include: onSwiftShader,
              exclude: [
                'shaders/attention/attention.gpu.test.ts',
                'packages/**/{tune,loaded,diagnosis,preview}.gpu.test.ts',
              ],
            }
          : { exclude: onSwiftShader },
      ),
      // Law 11: the goldens also run where one binding holds 8 MiB at most; the kernels, whose buffers are small, and the loop
      // with the full tests. The command's own tests know no cap, and a working buffer of DiT-XL/2 exceeds it.
      onGpu('gpu-capped', capped, {
        include: full ? ['shaders/**/*.gpu.test.ts', 'packages/gpu/src/dit/*.gpu.test.ts'] : [],
        exclude: [
          '{bench,packages/{cli,gpu/src/bench,gpu/src/tuner}}/**',
          '**/{memory-count,pixart,xl,samplers,step-kinds,probe,check-kernels}.full.gpu.test.ts',
          ...(full ? ['shaders/**/*.full.gpu.test.ts'] : ['{shaders,packages}/**']),
        ],
      }),
    ],
  },
});
