import type { TransformerConfig } from '@webdit/core';
import type { ConfigReader } from './config-reader.ts';

/** LayerNorm epsilon of all original models. Source: the original DiT's `models.py`. */
export const originalNormEps = 1e-6;

/** Where CFG applies unless a config says otherwise. */
type GuidedChannels = (inChannels: number, learnSigma: boolean) => number;

/**
 * What a native config says in the same keys of all transformers: the constructor arguments of the original `DiT`, and those that
 * tell a converted model from one.
 * @throws WebDiTError `unsupported-config`, naming the key.
 */
export function readNativeTransformer(reader: ConfigReader, guidedChannels: GuidedChannels) {
  reader.ignore('class_dropout_prob');
  const inChannels = reader.count('in_channels');
  const hiddenSize = reader.count('hidden_size');
  const learnSigma = reader.boolean('learn_sigma');
  const frequencyEmbeddingSize = reader.count('frequency_embedding_size', 256);
  const normEps = reader.positive('norm_eps', originalNormEps);
  return {
    timestepDivisor: reader.positive('timestep_divisor', frequencyEmbeddingSize / 2),
    inputSize: reader.count('input_size'),
    patchSize: reader.count('patch_size'),
    inChannels,
    outChannels: learnSigma ? 2 * inChannels : inChannels,
    hiddenSize,
    depth: reader.count('depth'),
    numHeads: reader.count('num_heads'),
    mlpHiddenSize: Math.trunc(hiddenSize * reader.positive('mlp_ratio', 4)),
    learnSigma,
    frequencyEmbeddingSize,
    normEps,
    mlpNormEps: reader.positive('mlp_norm_eps', normEps),
    guidanceChannels: reader.count('guidance_channels', guidedChannels(inChannels, learnSigma)),
  } as const;
}

/** What `readNativeTransformer` reads of `config`. Keys of its defaults that only other families change are left out. */
export function nativeTransformer(config: TransformerConfig, guidedChannels: GuidedChannels) {
  const { inChannels, learnSigma, frequencyEmbeddingSize, normEps } = config;
  return {
    input_size: config.inputSize,
    patch_size: config.patchSize,
    in_channels: inChannels,
    hidden_size: config.hiddenSize,
    depth: config.depth,
    num_heads: config.numHeads,
    mlp_ratio: mlpRatio(config),
    learn_sigma: learnSigma,
    frequency_embedding_size: frequencyEmbeddingSize,
    norm_eps: normEps,
    mlp_norm_eps: unless(normEps, config.mlpNormEps),
    timestep_divisor: unless(frequencyEmbeddingSize / 2, config.timestepDivisor),
    guidance_channels: unless(guidedChannels(inChannels, learnSigma), config.guidanceChannels),
  };
}

/** A value to write, or undefined for the one that a missing key means. */
export function unless<T>(usual: T, value: T): T | undefined {
  return value === usual ? undefined : value;
}

/** The ratio that gives this MLP width again, cut to a whole number. */
function mlpRatio({ hiddenSize, mlpHiddenSize }: TransformerConfig): number {
  const ratio = mlpHiddenSize / hiddenSize;
  return Math.trunc(hiddenSize * ratio) === mlpHiddenSize ? ratio : (mlpHiddenSize + 0.5) / hiddenSize;
}
