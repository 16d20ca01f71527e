import { mkdir, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DiTConfig, ditTensorShapes } from '@webdit/core';
import { elementCount } from '../safetensors/dtypes.ts';
import { encodeSafetensorsHeader } from '../safetensors/whole-file.ts';

/** What to vary of a synthetic model; 4 latent channels, patch 2, MLP 4x, no learned sigma, no VAE, no class table. */
export interface SynthSpec {
  readonly hiddenSize: number;
  readonly numHeads: number;
  readonly depth: number;
  readonly inputSize: number;
  readonly numClasses: number;
}

/** 256 MiB of f32 weights; the largest tensor (adaLN) has 7.6 MiB. */
export const synth256MiB: SynthSpec = { hiddenSize: 576, numHeads: 8, depth: 11, inputSize: 16, numClasses: 209 };

export interface SynthFolder {
  /** Bytes of the safetensors file. */
  readonly weightsBytes: number;
  readonly largestTensorBytes: number;
}

const chunkElements = 256 * 1024;

/**
 * Writes a native model folder of random f32 weights, the same on every call, streaming: any size fits in memory. Values
 * are uniform in +-0.02, cheap rather than good.
 */
export async function writeSynthFolder(folder: string, spec: SynthSpec): Promise<SynthFolder> {
  const { hiddenSize, numHeads, depth, inputSize, numClasses } = spec;
  const config: DiTConfig = {
    kind: 'dit',
    inputSize,
    patchSize: 2,
    inChannels: 4,
    outChannels: 4,
    hiddenSize,
    depth,
    numHeads,
    mlpHiddenSize: 4 * hiddenSize,
    numClasses,
    learnSigma: false,
    frequencyEmbeddingSize: 256,
    timestepDivisor: 128,
    normEps: 1e-6,
    mlpNormEps: 1e-6,
    embeddersPerBlock: false,
    guidanceChannels: 4,
  };
  await mkdir(join(folder, 'transformer'), { recursive: true });
  await mkdir(join(folder, 'scheduler'), { recursive: true });
  await writeJson(join(folder, 'model_index.json'), {
    _class_name: 'DiTPipeline',
    transformer: ['webdit', 'DiT'],
    scheduler: ['diffusers', 'DDIMScheduler'],
  });
  await writeJson(join(folder, 'scheduler/scheduler_config.json'), {
    _class_name: 'DDIMScheduler',
    num_train_timesteps: 1000,
    beta_start: 0.0001,
    beta_end: 0.02,
    beta_schedule: 'linear',
    prediction_type: 'epsilon',
    timestep_spacing: 'respaced',
    clip_sample: false,
  });
  await writeJson(join(folder, 'transformer/config.json'), {
    _class_name: 'DiT',
    input_size: inputSize,
    patch_size: config.patchSize,
    in_channels: config.inChannels,
    hidden_size: hiddenSize,
    depth,
    num_heads: numHeads,
    num_classes: numClasses,
    learn_sigma: false,
  });

  const tensors = ditTensorShapes(config).map(({ name, shape }) => [name, { dtype: 'F32', shape }] as const);
  const header = encodeSafetensorsHeader(tensors);
  const counts = tensors.map(([, { shape }]) => elementCount(shape));
  const total = counts.reduce((sum, count) => sum + count, 0);
  const file = await open(join(folder, 'transformer/diffusion_pytorch_model.safetensors'), 'w');
  try {
    await file.write(header);
    const chunk = new Float32Array(chunkElements);
    let state = 1;
    for (let written = 0; written < total; written += chunkElements) {
      for (let i = 0; i < chunkElements; i++) {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        chunk[i] = (state / 2 ** 32 - 0.5) * 0.04;
      }
      await file.write(chunk, 0, Math.min(chunkElements, total - written) * 4);
    }
  } finally {
    await file.close();
  }
  return { weightsBytes: header.length + total * 4, largestTensorBytes: Math.max(...counts) * 4 };
}

function writeJson(path: string, json: unknown): Promise<void> {
  return writeFile(path, `${JSON.stringify(json, null, 1)}\n`);
}
