import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

// WEBDIT_FULL=1 runs the slow files (*.full.test.ts, *.full.gpu.test.ts) and only those.
const full = Boolean(process.env.WEBDIT_FULL);
const roots = '{packages,shaders,apps,testing,scripts,bench,docs}';
const ignored = ['**/node_modules/**', '**/dist/**'];

const unit: TestProjectInlineConfiguration = {
  extends: true,
  test: {
    name: 'unit',
    // The default leaves one core of two unused.
    maxWorkers: '100%',
    // Two processes on a busy machine: the default of 5 s has been too little for what takes 2.
    testTimeout: 20_000,
    include: [full ? `${roots}/**/*.full.test.ts` : `${roots}/**/*.test.ts`],
    exclude: [...ignored, '**/*.gpu.test.ts', ...(full ? [] : ['**/*.full.test.ts'])],
  },
};

const gpuTests = `${roots}/**/*${full ? '.full' : ''}.gpu.test.ts`;

interface Lane {
  /** Files that run on this adapter: of `npm test` or of the full tests unless told. */
  readonly include?: string[];
  readonly exclude?: string[];
  /** Files that run at once: those that measure time run alone, after the others. */
  readonly workers?: 1 | 2;
}

/**
 * GPU tests on one adapter: a process per file, two at a time. A software GPU takes every core when it computes, and one when it compiles,
 * which is most of what it does here.
 */
function onGpu(name: string, env: Record<string, string>, lane: Lane = {}): TestProjectInlineConfiguration {
  const { include = [gpuTests], exclude = [], workers = 2 } = lane;
  return {
    extends: true,
    test: {
      name,
      include,
      exclude: [...ignored, ...exclude, ...(full ? [] : ['**/*.full.gpu.test.ts'])],
      env,
      pool: 'forks',
      maxWorkers: workers,
      testTimeout: full ? 900_000 : 60_000,
      hookTimeout: 60_000,
      sequence: { groupOrder: 3 - workers },
    },
  };
}

// Set by the test command where lavapipe, three times as fast, can be used: then `npm test` runs the loop on it, and SwiftShader runs it
// under the cap of the full tests.
const loopOnLavapipe = Boolean(process.env.WEBDIT_LAVAPIPE);
const loop = 'packages/gpu/src/dit/{model,policies,preview}.gpu.test.ts';
const notTheLoop = [
  'packages/!(gpu)/**/*.gpu.test.ts',
  'packages/gpu/src/!(dit)/**/*.gpu.test.ts',
  'packages/gpu/src/dit/!(model|policies|preview).gpu.test.ts',
];
const timed = 'packages/gpu/src/{bench/{loaded,measure,steps},tuner/tune}.gpu.test.ts';
const onSwiftShader = ['packages/**/*.gpu.test.ts', 'shaders/!(matmul|arithmetic_probe)/*.gpu.test.ts'];
const swiftShader = { WEBDIT_ADAPTER: 'swiftshader' };
const capped = { ...swiftShader, WEBDIT_MAX_BINDING: String(8 * 2 ** 20) };

export default defineConfig({
  test: {
    projects: [
      unit,
      // What takes long and hangs on no adapter runs on one, the faster: DiT-XL/2, the kinds of steps, the samplers, the policies on
      // PixArt, a folder's VAE, one as deep as Stable Diffusion's, runs from a picture, and the commands that draw many pictures, write
      // models or count memory.
      onGpu('gpu-swiftshader', swiftShader, {
        exclude: [
          timed,
          ...(loopOnLavapipe ? [loop] : []),
          '**/{autoencoder-decoder,convert,fit-preview,generate,image-to-image,memory-count,pixart,samplers,sd-vae,shards,slurm,step-kinds,study,xl}.full.gpu.test.ts',
        ],
      }),
      onGpu('gpu-timed', swiftShader, { include: full ? [] : [timed], workers: 1 }),
      // Lavapipe compiles slowly: of `npm test` it runs what needs shader-f16, which SwiftShader has not, the loop and the goldens; with
      // the full tests the rest, but for the quick part of attention, all of which is there, for convolutions in every tiling of the
      // matmul, and for what hangs on no adapter.
      onGpu(
        'gpu-lavapipe',
        { WEBDIT_ADAPTER: 'lavapipe' },
        full
          ? {
              include: [gpuTests, ...onSwiftShader],
              exclude: [
                timed,
                'shaders/{attention/attention,conv/conv.full}.gpu.test.ts',
                'packages/**/diagnosis.gpu.test.ts',
                loop,
              ],
            }
          : { exclude: loopOnLavapipe ? [...notTheLoop, ...onSwiftShader.slice(1)] : onSwiftShader },
      ),
      // Law 11: the goldens also run where one binding holds 8 MiB at most, and the loop with the full tests. No test of a kernel has
      // a buffer that large. The command's own tests know no cap, and a working buffer of DiT-XL/2 exceeds it.
      onGpu('gpu-capped', capped, {
        include: [gpuTests, ...(full ? ['packages/gpu/src/dit/*.gpu.test.ts'] : [])],
        exclude: [
          '{bench,shaders,packages/{cli,gpu/src/bench,gpu/src/tuner}}/**',
          '**/{autoencoder-decoder,image-to-image,memory-count,pixart,xl,samplers,sd-vae,step-kinds,probe,check-kernels}.full.gpu.test.ts',
          ...(full ? [] : ['packages/**']),
        ],
      }),
    ],
  },
});
