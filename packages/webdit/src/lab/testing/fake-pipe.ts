import { type CacheSpec, chooseSampler, compileRunPlan, ditSampler, samplerName } from '@webdit/core';
import { buildReport } from '../../report.ts';
import type { GenerateOptions, LabelInput, PipelineInfo } from '../../types.ts';
import type { LabPipe } from '../pipe.ts';

const adapter = { vendor: 'acme', architecture: '', device: '', description: 'Acme 1', isFallback: false };
const kernels = { matmul: 'plain' };

/** A model of two layers and four tokens, for plans and FLOPs. */
const model = {
  kind: 'dit',
  inputSize: 4,
  patchSize: 2,
  inChannels: 1,
  outChannels: 1,
  hiddenSize: 8,
  depth: 2,
  numHeads: 2,
  mlpHiddenSize: 32,
  numClasses: 10,
  learnSigma: false,
  frequencyEmbeddingSize: 8,
  timestepDivisor: 128,
  normEps: 1e-6,
  mlpNormEps: 1e-6,
  embeddersPerBlock: false,
  guidanceChannels: 1,
} as const;

export interface Call {
  readonly seed: number;
  readonly label: number;
  readonly steps: number;
  readonly cache: CacheSpec;
  readonly guidanceScale: number;
  /** Name of the sampler. */
  readonly sampler: string;
}

export interface FakePipe extends LabPipe {
  readonly calls: Call[];
}

/**
 * A pipeline whose numbers can be worked out by hand. A full step takes 10 ms (20 ms in seed 1), any other 1 ms; GPU times are
 * half of that. Latents are [1, 0, 0, e] and every picture is 16 x 16 pixels of grey 100 + 100 e, where e is 0.01 for each step
 * that is not full.
 */
export function fakePipe(options: { readonly vae?: boolean; readonly timestamps?: boolean } = {}): FakePipe {
  const { vae = true, timestamps = true } = options;
  const calls: Call[] = [];
  const info: PipelineInfo = {
    name: 'tiny',
    thread: 'page',
    device: 'webgpu',
    adapter,
    dtype: 'f32',
    math: 'f32',
    vaeBackend: vae ? 'wasm' : null,
    vaeThreads: vae ? 1 : null,
    kernels,
    tuning: { source: 'static', ms: 0, excluded: [] },
    model: {
      latentShape: [1, 2, 2],
      imageSize: vae ? { width: 16, height: 16 } : null,
      imageEncoder: false,
      depth: model.depth,
      hiddenSize: model.hiddenSize,
      numClasses: model.numClasses,
      text: null,
      defaults: { numInferenceSteps: 4, guidanceScale: 3 },
      schedules: [],
    },
    storage: { state: 'files', storedBytes: 0, networkBytes: 0 },
    notes: [],
    gpuBytes: 500,
  };
  return {
    info,
    calls,
    async generate({ label }: LabelInput, given: GenerateOptions<'imageData' | 'latent'>) {
      given.signal?.throwIfAborted();
      const { seed, numInferenceSteps: steps = 4, guidanceScale = 3, cache = 'none', outputType } = given;
      const sampler = chooseSampler(given.scheduler ?? 'ddim', ditSampler);
      calls.push({
        seed: Number(seed),
        label: Number(label),
        steps,
        cache,
        guidanceScale,
        sampler: samplerName(sampler),
      });
      const plan = compileRunPlan({ model, sampler, steps, guidanceScale, label: Number(label), cache });
      const ms = plan.steps.map(({ kind }) => (kind === 'full' ? (seed === 1 ? 20 : 10) : 1));
      const report = buildReport({
        model,
        plan,
        runs: [
          {
            steps: plan.steps.map(({ n, kind, flops }) => {
              const time = ms[n] as number;
              return { n, kind, flops, ms: time, ...(timestamps ? { gpuMs: time / 2 } : {}) };
            }),
            waits: { final: 1, probe: 0 },
            peakBytes: plan.steps.some(({ kind }) => kind !== 'full') ? 3 * 2 ** 20 : 2 ** 20,
          },
        ],
        decodeMs: 5,
        device: info.device,
        adapter,
        dtype: 'f32',
        math: 'f32',
        vaeBackend: info.vaeBackend,
        kernels,
      });
      const error = 0.01 * plan.steps.filter(({ kind }) => kind !== 'full').length;
      const latents = { data: Float32Array.of(1, 0, 0, error), shape: [1, 1, 2, 2] };
      const image = outputType === 'imageData' ? grey(100 + 100 * error) : null;
      return { image, images: [image], latents, seed: Number(seed), report };
    },
  };
}

function grey(value: number): ImageData {
  const data = new Uint8ClampedArray(16 * 16 * 4).fill(value);
  for (let i = 3; i < data.length; i += 4) data[i] = 255;
  return { width: 16, height: 16, data, colorSpace: 'srgb' } as ImageData;
}
