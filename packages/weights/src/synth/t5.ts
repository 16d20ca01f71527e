import type { TensorShape } from '@webdit/core';
import { GraphBuilder, type OnnxModel } from '../onnx/index.ts';

/** The encoder of a T5 v1.1, under the names of transformers' config. Source: Raffel et al., "Exploring the limits of transfer learning". */
export interface T5Config {
  readonly vocab_size: number;
  readonly d_model: number;
  /** Width of one head. */
  readonly d_kv: number;
  readonly d_ff: number;
  readonly num_layers: number;
  readonly num_heads: number;
  readonly relative_attention_num_buckets: number;
  readonly relative_attention_max_distance: number;
  readonly layer_norm_epsilon: number;
}

/** `text_encoder/config.json` of a T5EncoderModel. */
export function t5ConfigJson(config: T5Config): object {
  return {
    architectures: ['T5EncoderModel'],
    model_type: 't5',
    ...config,
    dropout_rate: 0,
    feed_forward_proj: 'gated-gelu',
    is_encoder_decoder: true,
    pad_token_id: 0,
    eos_token_id: 1,
    tie_word_embeddings: false,
  };
}

const embedding = 'shared';
const positionBias = 'encoder.block.0.layer.0.SelfAttention.relative_attention_bias';
const finalNorm = 'encoder.final_layer_norm';
const attention = (layer: number) => `encoder.block.${layer}.layer.0`;
const feedForward = (layer: number) => `encoder.block.${layer}.layer.1`;

/** Every tensor, by transformers' name and shaped as PyTorch stores it. `std` is for random ones, where their shape does not say. */
export function t5Tensors(config: T5Config): (Pick<TensorShape, 'name' | 'shape'> & { readonly std?: number })[] {
  const { vocab_size, d_model, d_kv, d_ff, num_heads } = config;
  const inner = num_heads * d_kv;
  const weight = (name: string, ...shape: number[]) => ({ name: `${name}.weight`, shape });
  return [
    { ...weight(embedding, vocab_size, d_model), std: 1 },
    ...Array.from({ length: config.num_layers }, (_, layer) => [
      weight(`${attention(layer)}.layer_norm`, d_model),
      // Logits are not divided by the square root of the head's width: the weights of the queries are that much smaller.
      { ...weight(`${attention(layer)}.SelfAttention.q`, inner, d_model), std: 1 / Math.sqrt(d_model * d_kv) },
      weight(`${attention(layer)}.SelfAttention.k`, inner, d_model),
      weight(`${attention(layer)}.SelfAttention.v`, inner, d_model),
      weight(`${attention(layer)}.SelfAttention.o`, d_model, inner),
      ...(layer === 0 ? [{ ...weight(positionBias, config.relative_attention_num_buckets, num_heads), std: 1 }] : []),
      weight(`${feedForward(layer)}.layer_norm`, d_model),
      weight(`${feedForward(layer)}.DenseReluDense.wi_0`, d_ff, d_model),
      weight(`${feedForward(layer)}.DenseReluDense.wi_1`, d_ff, d_model),
      weight(`${feedForward(layer)}.DenseReluDense.wo`, d_model, d_ff),
    ]).flat(),
    weight(finalNorm, d_model),
  ];
}

/**
 * The encoder as ONNX. Inputs: `input_ids` and `attention_mask`, int64 `[batch, sequence]`, of any length. The output is
 * `last_hidden_state`, f32 `[batch, sequence, d_model]`.
 */
export function t5Graph(config: T5Config): OnnxModel {
  const graph = new GraphBuilder(new Map(t5Tensors(config).map(({ name, shape }) => [name, shape])));
  const sizes = graph.node('Shape', ['input_ids']);
  const embedded = graph.node('Gather', [graph.weight(`${embedding}.weight`), 'input_ids']);
  const bias = graph.node('Add', [relativeBias(graph, config), maskBias(graph)]);
  let hidden = graph.reshape(embedded, [-1, config.d_model]);
  for (let layer = 0; layer < config.num_layers; layer++) {
    const input = rmsNorm(graph, config, `${attention(layer)}.layer_norm`, hidden);
    const attended = selfAttention(graph, config, `${attention(layer)}.SelfAttention`, { input, sizes, bias });
    hidden = graph.node('Add', [hidden, attended]);
    const normed = rmsNorm(graph, config, `${feedForward(layer)}.layer_norm`, hidden);
    hidden = graph.node('Add', [hidden, gatedGelu(graph, `${feedForward(layer)}.DenseReluDense`, normed)]);
  }
  const rows = rmsNorm(graph, config, finalNorm, hidden);
  const output = reshapeRows(graph, rows, sizes, [config.d_model]);
  const ids = ['batch', 'sequence'];
  return graph.model(
    'T5Encoder',
    [
      { name: 'input_ids', type: 'int64', shape: ids },
      { name: 'attention_mask', type: 'int64', shape: ids },
    ],
    { name: graph.rename(output, 'last_hidden_state'), type: 'float', shape: [...ids, config.d_model] },
  );
}

/** `[batch * sequence, ...]` as `[batch, sequence, ...last]`. */
function reshapeRows(graph: GraphBuilder, input: string, sizes: string, last: readonly number[]): string {
  const shape = graph.node('Concat', [sizes, graph.constant('int64', last)], { axis: 0 });
  return graph.node('Reshape', [input, shape]);
}

/** `x / rms(x) * weight`: no mean, no bias. */
function rmsNorm(graph: GraphBuilder, config: T5Config, name: string, input: string): string {
  const squares = graph.node('Mul', [input, input]);
  const mean = graph.node('ReduceMean', [squares, graph.constant('int64', [-1])], { keepdims: 1 });
  const rms = graph.node('Sqrt', [graph.node('Add', [mean, graph.constant('float', [config.layer_norm_epsilon])])]);
  return graph.node('Mul', [graph.node('Div', [input, rms]), graph.weight(`${name}.weight`)]);
}

interface AttentionInputs {
  /** `[batch * sequence, d_model]`. */
  readonly input: string;
  /** Batch and sequence. */
  readonly sizes: string;
  /** `[batch, heads, sequence, sequence]`, added to the logits. */
  readonly bias: string;
}

/** @returns `[batch * sequence, d_model]`. */
function selfAttention(
  graph: GraphBuilder,
  { num_heads, d_kv }: T5Config,
  name: string,
  { input, sizes, bias }: AttentionInputs,
): string {
  const heads = (part: string, perm: readonly number[]) => {
    const rows = reshapeRows(graph, graph.project(`${name}.${part}`, input), sizes, [num_heads, d_kv]);
    return graph.node('Transpose', [rows], { perm });
  };
  const logits = graph.node('MatMul', [heads('q', [0, 2, 1, 3]), heads('k', [0, 2, 3, 1])]);
  const weights = graph.node('Softmax', [graph.node('Add', [logits, bias])], { axis: -1 });
  const mixed = graph.node('MatMul', [weights, heads('v', [0, 2, 1, 3])]);
  const rows = graph.reshape(graph.node('Transpose', [mixed], { perm: [0, 2, 1, 3] }), [-1, num_heads * d_kv]);
  return graph.project(`${name}.o`, rows);
}

function gatedGelu(graph: GraphBuilder, name: string, input: string): string {
  const gate = graph.node('Gelu', [graph.project(`${name}.wi_0`, input)], { approximate: 'tanh' });
  return graph.project(`${name}.wo`, graph.node('Mul', [gate, graph.project(`${name}.wi_1`, input)]));
}

/** What all layers add to their logits for the distance of key and query, `[heads, sequence, sequence]`. */
function relativeBias(graph: GraphBuilder, config: T5Config): string {
  const far = config.relative_attention_max_distance;
  const scalar = (value: string) => graph.node('Squeeze', [value]);
  const one = scalar(graph.constant('int64', [1]));
  const zero = scalar(graph.constant('int64', [0]));
  const length = scalar(graph.node('Shape', ['input_ids'], { start: 1, end: 2 }));
  const positions = graph.node('Range', [zero, length, one]);
  const distances = graph.node('Sub', [positions, graph.node('Unsqueeze', [positions, graph.constant('int64', [1])])]);
  const clipped = graph.node('Clip', [
    distances,
    scalar(graph.constant('int64', [-far])),
    scalar(graph.constant('int64', [far])),
  ]);
  const table = graph.constant(
    'int64',
    Array.from({ length: 2 * far + 1 }, (_, i) => relativeBucket(config, i - far)),
  );
  const index = graph.node('Add', [clipped, graph.constant('int64', [far])]);
  const buckets = graph.node('Gather', [table, index]);
  const biases = graph.node('Gather', [graph.weight(`${positionBias}.weight`), buckets]);
  return graph.node('Transpose', [biases], { perm: [2, 0, 1] });
}

/** T5's bucket of a distance, key minus query: one each for the near ones, then logarithmic ones, behind and ahead apart. */
export function relativeBucket(config: T5Config, distance: number): number {
  const half = config.relative_attention_num_buckets / 2;
  const exact = half / 2;
  const away = Math.abs(distance);
  const octaves = Math.log2(config.relative_attention_max_distance / exact);
  // Log2 is exact at powers of two, where buckets begin.
  const logarithmic = exact + Math.floor(((half - exact) * Math.log2(away / exact)) / octaves);
  return (distance > 0 ? half : 0) + (away < exact ? away : Math.min(logarithmic, half - 1));
}

/** 0 for keys that count, and the least f32 for padding, `[batch, 1, 1, sequence]`. */
function maskBias(graph: GraphBuilder): string {
  const float = 1;
  const mask = graph.node('Cast', ['attention_mask'], { to: float });
  const padding = graph.node('Sub', [mask, graph.constant('float', [1])]);
  const bias = graph.node('Mul', [padding, graph.constant('float', [(2 - 2 ** -23) * 2 ** 127])]);
  return graph.node('Unsqueeze', [bias, graph.constant('int64', [1, 2])]);
}
