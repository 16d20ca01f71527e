import { mkdir, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ditTensorShapes } from '@webdit/core';
import { originalScheduler, parseOriginalConfig } from '../layouts/original.ts';
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
  const transformer = {
    _class_name: 'DiT',
    input_size: spec.inputSize,
    patch_size: 2,
    in_channels: 4,
    hidden_size: spec.hiddenSize,
    depth: spec.depth,
    num_heads: spec.numHeads,
    num_classes: spec.numClasses,
    learn_sigma: false,
  };
  await mkdir(join(folder, 'transformer'), { recursive: true });
  await mkdir(join(folder, 'scheduler'), { recursive: true });
  await writeJson(join(folder, 'model_index.json'), {
    _class_name: 'DiTPipeline',
    transformer: ['webdit', 'DiT'],
    scheduler: ['diffusers', 'DDIMScheduler'],
  });
  await writeJson(join(folder, 'scheduler/scheduler_config.json'), originalScheduler);
  await writeJson(join(folder, 'transformer/config.json'), transformer);

  const config = parseOriginalConfig(transformer, 'transformer/config.json');
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
