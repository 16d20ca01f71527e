import { join } from 'node:path';
import { type DiTConfig, ditTensorShapes, ditXl2 } from '@webdit/core';
import { transformerWeightsPath } from '../layouts/paths.ts';
import { elementCount } from '../safetensors/dtypes.ts';
import { writeNativeConfigs } from '../write/native-folder.ts';
import { TensorFile } from '../write/tensor-file.ts';

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
  const sizes = { ...spec, mlpHiddenSize: 4 * spec.hiddenSize };
  const config: DiTConfig = { ...ditXl2, ...sizes, outChannels: 4, learnSigma: false, guidanceChannels: 4 };
  await writeNativeConfigs(folder, { config });
  const tensors = ditTensorShapes(config).map((tensor) => ({ ...tensor, dtype: 'F32' as const }));
  const weightsBytes = await TensorFile.write(join(folder, transformerWeightsPath), tensors, {}, async (file) => {
    let state = 1;
    for (const { name, shape } of tensors) {
      const count = elementCount(shape);
      for (let written = 0; written < count; written += chunkElements) {
        const chunk = new Float32Array(Math.min(chunkElements, count - written));
        for (let i = 0; i < chunk.length; i++) {
          state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
          chunk[i] = (state / 2 ** 32 - 0.5) * 0.04;
        }
        await file.write(name, written * 4, new Uint8Array(chunk.buffer));
      }
    }
  });
  const counts = tensors.map(({ shape }) => elementCount(shape));
  return { weightsBytes, largestTensorBytes: Math.max(...counts) * 4 };
}
