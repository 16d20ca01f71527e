import { type DiTConfig, ditTensorShapes } from '@webdit/core';
import type { Weights } from '../weight-files.ts';
import { ConfigReader, checkDivisibility, unsupported } from './config-reader.ts';
import { type ExpectedTensor, whole } from './tensor-map.ts';

/** LayerNorm epsilon of all original models. Source: the original DiT's `models.py`. */
const originalNormEps = 1e-6;

/** Heads of the published models, DiT-S, B, L and XL, by width. */
const publishedHeads: Readonly<Record<number, number>> = { 384: 6, 768: 12, 1024: 16, 1152: 16 };

/** The sampler of the original DiT, as a diffusers config. Source: its `diffusion/`, with DDIM. */
export const originalScheduler = {
  _class_name: 'DDIMScheduler',
  num_train_timesteps: 1000,
  beta_start: 0.0001,
  beta_end: 0.02,
  beta_schedule: 'linear',
  prediction_type: 'epsilon',
  timestep_spacing: 'respaced',
  clip_sample: false,
};

/** Original names are the canonical ones. */
export function originalTensors(config: DiTConfig): ExpectedTensor[] {
  return ditTensorShapes(config).map((target) => whole(target.name, target));
}

/**
 * `transformer/config.json` of a native folder, or `config.json` beside an original file: the constructor arguments of
 * the original `DiT`, and those that tell a converted diffusers model from one.
 * @throws WebDiTError `unsupported-config`, naming the key.
 */
export function parseOriginalConfig(json: unknown, path: string): DiTConfig {
  const reader = new ConfigReader(json, path);
  reader.fixed('_class_name', 'DiT');
  reader.ignore('class_dropout_prob');
  const inChannels = reader.count('in_channels');
  const hiddenSize = reader.count('hidden_size');
  const learnSigma = reader.boolean('learn_sigma');
  const frequencyEmbeddingSize = reader.count('frequency_embedding_size', 256);
  const normEps = reader.positive('norm_eps', originalNormEps);
  const config: DiTConfig = {
    kind: 'dit',
    timestepDivisor: reader.positive('timestep_divisor', frequencyEmbeddingSize / 2),
    inputSize: reader.count('input_size'),
    patchSize: reader.count('patch_size'),
    inChannels,
    outChannels: learnSigma ? 2 * inChannels : inChannels,
    hiddenSize,
    depth: reader.count('depth'),
    numHeads: reader.count('num_heads'),
    mlpHiddenSize: Math.trunc(hiddenSize * reader.positive('mlp_ratio', 4)),
    numClasses: reader.count('num_classes'),
    learnSigma,
    frequencyEmbeddingSize,
    normEps,
    mlpNormEps: reader.positive('mlp_norm_eps', normEps),
    embeddersPerBlock: reader.has('embedders_per_block') && reader.boolean('embedders_per_block'),
    guidanceChannels: reader.count('guidance_channels', originalGuidanceChannels(inChannels, learnSigma)),
  };
  reader.done();
  return checkDivisibility(config, path);
}

/** What `parseOriginalConfig` reads as `config`. Keys of its defaults that only other families change are left out. */
export function nativeConfig(config: DiTConfig): Record<string, unknown> {
  const { inChannels, learnSigma, frequencyEmbeddingSize, normEps } = config;
  const other = (value: number | boolean, usual: number | boolean) => (value === usual ? undefined : value);
  return {
    _class_name: 'DiT',
    input_size: config.inputSize,
    patch_size: config.patchSize,
    in_channels: inChannels,
    hidden_size: config.hiddenSize,
    depth: config.depth,
    num_heads: config.numHeads,
    mlp_ratio: mlpRatio(config),
    num_classes: config.numClasses,
    learn_sigma: learnSigma,
    frequency_embedding_size: frequencyEmbeddingSize,
    norm_eps: normEps,
    mlp_norm_eps: other(config.mlpNormEps, normEps),
    timestep_divisor: other(config.timestepDivisor, frequencyEmbeddingSize / 2),
    embedders_per_block: other(config.embeddersPerBlock, false),
    guidance_channels: other(config.guidanceChannels, originalGuidanceChannels(inChannels, learnSigma)),
  };
}

/** The ratio that gives this MLP width again, cut to a whole number. */
function mlpRatio({ hiddenSize, mlpHiddenSize }: DiTConfig): number {
  const ratio = mlpHiddenSize / hiddenSize;
  return Math.trunc(hiddenSize * ratio) === mlpHiddenSize ? ratio : (mlpHiddenSize + 0.5) / hiddenSize;
}

/**
 * The config of an original model that has none beside its weights, from the shapes of its tensors.
 * @param numHeads the one thing shapes do not tell; null takes the published table.
 * @throws WebDiTError `unsupported-config`
 */
export function inferOriginalConfig(
  { tensors, path }: Pick<Weights, 'tensors' | 'path'>,
  numHeads: number | null,
): DiTConfig {
  const shapes = new Map(tensors.map(({ name, shape }) => [name, shape]));
  const shapeOf = (name: string, rank: number): readonly number[] => {
    const shape = shapes.get(name);
    if (shape?.length === rank) return shape;
    const what = shape ? `is not of rank ${rank}` : 'is missing';
    throw unsupported(`${path} has no config.json, and its tensor ${name} ${what}, so it is not an original DiT.`);
  };
  const [hiddenSize = 0, inChannels = 0, patchSize = 0] = shapeOf('x_embedder.proj.weight', 4);
  const [, tokens = 0] = shapeOf('pos_embed', 3);
  const [tableRows = 0] = shapeOf('y_embedder.embedding_table.weight', 2);
  const [, frequencyEmbeddingSize = 0] = shapeOf('t_embedder.mlp.0.weight', 2);
  const [mlpHiddenSize = 0] = shapeOf('blocks.0.mlp.fc1.weight', 2);
  const [patchOutputs = 0] = shapeOf('final_layer.linear.weight', 2);
  const blocks = new Set(tensors.map(({ name }) => /^blocks\.(\d+)\./.exec(name)?.[1]).filter(Boolean));

  const outChannels = patchOutputs / patchSize ** 2;
  if (outChannels !== inChannels && outChannels !== 2 * inChannels) {
    throw unsupported(`${path} predicts ${outChannels} channels from ${inChannels}, which no original DiT does.`);
  }
  const heads = numHeads ?? publishedHeads[hiddenSize];
  if (heads === undefined) {
    throw unsupported(
      `${path} has width ${hiddenSize}, which is not a published DiT: put a config.json beside it or pass the number of heads.`,
    );
  }
  const learnSigma = outChannels !== inChannels;
  return checkDivisibility(
    {
      kind: 'dit',
      timestepDivisor: frequencyEmbeddingSize / 2,
      inputSize: Math.sqrt(tokens) * patchSize,
      patchSize,
      inChannels,
      outChannels,
      hiddenSize,
      depth: blocks.size,
      numHeads: heads,
      mlpHiddenSize,
      numClasses: tableRows - 1,
      learnSigma,
      frequencyEmbeddingSize,
      normEps: originalNormEps,
      mlpNormEps: originalNormEps,
      embeddersPerBlock: false,
      guidanceChannels: originalGuidanceChannels(inChannels, learnSigma),
    },
    path,
  );
}

/** The original guides three channels of its learned-sigma models. Source: `forward_with_cfg`. */
function originalGuidanceChannels(inChannels: number, learnSigma: boolean): number {
  return learnSigma ? Math.min(3, inChannels) : inChannels;
}
