import { type DiTConfig, ditTensorShapes, embedderPrefixes, tokenCount } from '@webdit/core';
import { GraphBuilder, type OnnxModel } from '@webdit/weights/onnx';

/** A weight of the graph's own, `[width]`: ones, which a norm without a scale and `1 + scale` need. */
export const onesName = 'ones';

/**
 * The forward of a DiT as ONNX, without weights: those go by the original DiT's names, shaped as PyTorch stores them.
 *
 * Inputs: `latents` f32 `[1, channels, size, size]`, which all rows share; `sinusoid` f32 `[1, frequencies]`, the embedded
 * timestep; `labels` int64 `[rows]`. The one output is f32 `[rows, outChannels, size, size]`.
 */
export function ditGraph(config: DiTConfig): OnnxModel {
  const shapes = new Map(ditTensorShapes(config).map(({ name, shape }) => [name, shape]));
  const graph = new GraphBuilder(shapes.set(onesName, [config.hiddenSize]));
  const { inChannels, inputSize, outChannels, frequencyEmbeddingSize } = config;
  const conditions = embedderPrefixes(config).map((prefix) => condition(graph, prefix));
  let hidden = patchEmbed(graph, config);
  for (let layer = 0; layer < config.depth; layer++) {
    hidden = block(graph, config, layer, hidden, conditions[layer] ?? (conditions[0] as string));
  }
  const output = finalLayer(graph, config, hidden, conditions[0] as string);
  return graph.model(
    'DiT',
    [
      { name: 'latents', type: 'float', shape: [1, inChannels, inputSize, inputSize] },
      { name: 'sinusoid', type: 'float', shape: [1, frequencyEmbeddingSize] },
      { name: 'labels', type: 'int64', shape: ['rows'] },
    ],
    { name: output, type: 'float', shape: ['rows', outChannels, inputSize, inputSize] },
  );
}

/** SiLU of the timestep's and the label's embedding, `[rows, width]`: what all modulations are made of. */
function condition(graph: GraphBuilder, prefix: string): string {
  const time = graph.linear(
    `${prefix}t_embedder.mlp.2`,
    silu(graph, graph.linear(`${prefix}t_embedder.mlp.0`, 'sinusoid')),
  );
  const label = graph.node('Gather', [graph.weight(`${prefix}y_embedder.embedding_table.weight`), 'labels']);
  return silu(graph, graph.node('Add', [time, label]));
}

/** `[1, tokens, width]`: the rows part only when the first block modulates them. */
function patchEmbed(graph: GraphBuilder, config: DiTConfig): string {
  const { patchSize, hiddenSize } = config;
  const patches = graph.node(
    'Conv',
    ['latents', graph.weight('x_embedder.proj.weight'), graph.weight('x_embedder.proj.bias')],
    { kernel_shape: [patchSize, patchSize], strides: [patchSize, patchSize] },
  );
  const tokens = graph.node('Transpose', [graph.reshape(patches, [1, hiddenSize, tokenCount(config)])], {
    perm: [0, 2, 1],
  });
  return graph.node('Add', [tokens, graph.weight('pos_embed')]);
}

function block(graph: GraphBuilder, config: DiTConfig, layer: number, input: string, condition: string): string {
  const { hiddenSize, normEps, mlpNormEps } = config;
  const name = `blocks.${layer}`;
  const tokens = [-1, tokenCount(config), hiddenSize];
  const parts = modulation(graph, name, condition, 6, hiddenSize);
  const [shiftAttn, scaleAttn, gateAttn, shiftMlp, scaleMlp, gateMlp] = parts as [
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  const residual = (state: string, branch: string, gate: string) =>
    graph.node('Add', [state, graph.node('Mul', [gate, graph.reshape(branch, tokens)])]);

  const attnInput = modulatedNorm(graph, hiddenSize, input, shiftAttn, scaleAttn, normEps);
  const attended = attention(graph, config, graph.linear(`${name}.attn.qkv`, attnInput));
  const middle = residual(input, graph.linear(`${name}.attn.proj`, attended), gateAttn);

  const mlpInput = modulatedNorm(graph, hiddenSize, middle, shiftMlp, scaleMlp, mlpNormEps);
  const wide = graph.node('Gelu', [graph.linear(`${name}.mlp.fc1`, mlpInput)], { approximate: 'tanh' });
  return residual(middle, graph.linear(`${name}.mlp.fc2`, wide), gateMlp);
}

/** @param qkv `[rows * tokens, 3 * width]`. @returns `[rows * tokens, width]`. */
function attention(graph: GraphBuilder, config: DiTConfig, qkv: string): string {
  const { hiddenSize, numHeads } = config;
  const headDim = hiddenSize / numHeads;
  const heads = graph.node('Transpose', [graph.reshape(qkv, [-1, tokenCount(config), 3 * numHeads, headDim])], {
    perm: [0, 2, 1, 3],
  });
  const [q, k, v] = graph.split(heads, 3, 1) as [string, string, string];
  const logits = graph.node('MatMul', [
    graph.node('Mul', [q, graph.constant('float', [1 / Math.sqrt(headDim)])]),
    graph.node('Transpose', [k], { perm: [0, 1, 3, 2] }),
  ]);
  const mixed = graph.node('MatMul', [graph.node('Softmax', [logits], { axis: -1 }), v]);
  return graph.reshape(graph.node('Transpose', [mixed], { perm: [0, 2, 1, 3] }), [-1, hiddenSize]);
}

function finalLayer(graph: GraphBuilder, config: DiTConfig, input: string, condition: string): string {
  const { hiddenSize, normEps, patchSize, inputSize, outChannels } = config;
  const [shift, scale] = modulation(graph, 'final_layer', condition, 2, hiddenSize) as [string, string];
  const normed = modulatedNorm(graph, hiddenSize, input, shift, scale, normEps);
  const grid = inputSize / patchSize;
  const patches = graph.reshape(graph.linear('final_layer.linear', normed), [
    -1,
    grid,
    grid,
    patchSize,
    patchSize,
    outChannels,
  ]);
  const unpatchified = graph.node('Transpose', [patches], { perm: [0, 5, 1, 3, 2, 4] });
  return graph.reshape(unpatchified, [-1, outChannels, inputSize, inputSize]);
}

/** The adaLN vectors of a block or of the final layer, `[rows, 1, width]` each. */
function modulation(graph: GraphBuilder, name: string, condition: string, count: number, width: number): string[] {
  const vectors = graph.linear(`${name}.adaLN_modulation.1`, condition);
  return graph.split(graph.reshape(vectors, [-1, 1, count * width]), count, 2);
}

/** `norm(x) (1 + scale) + shift` without learned parameters. @returns `[rows * tokens, width]`. */
function modulatedNorm(
  graph: GraphBuilder,
  width: number,
  input: string,
  shift: string,
  scale: string,
  epsilon: number,
): string {
  const ones = graph.weight(onesName);
  const normed = graph.node('LayerNormalization', [input, ones], { axis: -1, epsilon: { float: epsilon } });
  const scaled = graph.node('Mul', [normed, graph.node('Add', [scale, ones])]);
  return graph.reshape(graph.node('Add', [scaled, shift]), [-1, width]);
}

function silu(graph: GraphBuilder, input: string): string {
  return graph.node('Mul', [input, graph.node('Sigmoid', [input])]);
}
