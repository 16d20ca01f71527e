import { type DiTConfig, type TransformerConfig, tensorShapes } from '@webdit/core';
import type { Weights } from '../weight-files.ts';
import { ConfigReader, checkDivisibility, unsupported } from './config-reader.ts';
import { nativeTransformer, originalNormEps, readNativeTransformer, unless } from './native-config.ts';
import { type ExpectedTensor, whole } from './tensor-map.ts';

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
export function originalTensors(config: TransformerConfig): ExpectedTensor[] {
  return tensorShapes(config).map((target) => whole(target.name, target));
}

/**
 * `transformer/config.json` of a native DiT folder, or `config.json` beside an original file.
 * @throws WebDiTError `unsupported-config`, naming the key.
 */
export function parseOriginalConfig(json: unknown, path: string): DiTConfig {
  const reader = new ConfigReader(json, path);
  reader.fixed('_class_name', 'DiT');
  const config: DiTConfig = {
    kind: 'dit',
    ...readNativeTransformer(reader, originalGuidanceChannels),
    numClasses: reader.count('num_classes'),
    embeddersPerBlock: reader.has('embedders_per_block') && reader.boolean('embedders_per_block'),
  };
  reader.done();
  return checkDivisibility(config, path);
}

/** What `parseOriginalConfig` reads as `config`. */
export function nativeConfig(config: DiTConfig): Record<string, unknown> {
  return {
    _class_name: 'DiT',
    ...nativeTransformer(config, originalGuidanceChannels),
    num_classes: config.numClasses,
    embedders_per_block: unless(false, config.embeddersPerBlock),
  };
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
