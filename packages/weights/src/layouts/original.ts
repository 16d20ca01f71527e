import { type DiTConfig, ditTensorShapes } from '@webdit/core';
import type { SafetensorsHeader } from '../safetensors/header.ts';
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
 * the original `DiT`.
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
    timestepDivisor: frequencyEmbeddingSize / 2,
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
    mlpNormEps: normEps,
    embeddersPerBlock: false,
    guidanceChannels: originalGuidanceChannels(inChannels, learnSigma),
  };
  reader.done();
  return checkDivisibility(config, path);
}

/**
 * The config of an original file that has none beside it, from the shapes of its tensors.
 * @param numHeads the one thing shapes do not tell; null takes the published table.
 * @throws WebDiTError `unsupported-config`
 */
export function inferOriginalConfig(header: SafetensorsHeader, path: string, numHeads: number | null): DiTConfig {
  const shapes = new Map(header.tensors.map(({ name, shape }) => [name, shape]));
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
  const blocks = new Set(header.tensors.map(({ name }) => /^blocks\.(\d+)\./.exec(name)?.[1]).filter(Boolean));

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
