import type { OnnxAttribute, OnnxConstant, OnnxModel, OnnxNode, OnnxValue } from './model.ts';

/** Writes an ONNX graph node by node; values are known by name. */
export class GraphBuilder {
  private readonly nodes: OnnxNode[] = [];
  private readonly constants = new Map<string, OnnxConstant>();

  /** @param weights shape of every tensor that `weight` may name. */
  constructor(private readonly weights: ReadonlyMap<string, readonly number[]>) {}

  /** Adds a node with one output. @returns the output's name. */
  node(op: string, inputs: readonly string[], attributes: Readonly<Record<string, OnnxAttribute>> = {}): string {
    return this.add(op, inputs, 1, attributes)[0] as string;
  }

  /** Cuts a value into `count` equal parts along `axis`. */
  split(input: string, count: number, axis: number): string[] {
    return this.add('Split', [input], count, { axis, num_outputs: count });
  }

  /** One size may be -1: whatever is left. */
  reshape(input: string, shape: readonly number[]): string {
    return this.node('Reshape', [input, this.constant('int64', shape)]);
  }

  /** `x W^T + b` over the last axis, as PyTorch's Linear of that name; `x` and the result have two axes. */
  linear(name: string, input: string): string {
    return this.node('Gemm', [input, this.weight(`${name}.weight`), this.weight(`${name}.bias`)], { transB: 1 });
  }

  /** `x W^T` over the last axis, as PyTorch's Linear of that name without a bias; `x` and the result have two axes. */
  project(name: string, input: string): string {
    return this.node('Gemm', [input, this.weight(`${name}.weight`)], { transB: 1 });
  }

  /** A vector written into the graph itself. */
  constant(type: OnnxConstant['type'], values: readonly number[]): string {
    const name = `${type} ${values.join(' ')}`;
    this.constants.set(name, { type, values });
    return name;
  }

  /** A tensor of the model. */
  weight(name: string): string {
    if (!this.weights.has(name)) throw new RangeError(`No weight ${name}`);
    return name;
  }

  /** Gives a value the name under which users of the graph know it. */
  rename(value: string, name: string): string {
    this.nodes.push({ op: 'Identity', inputs: [value], outputs: [name], attributes: {} });
    return name;
  }

  /** The graph so far. */
  model(name: string, inputs: readonly OnnxValue[], output: OnnxValue): OnnxModel {
    const { nodes, constants, weights } = this;
    return { name, inputs, outputs: [output], nodes, constants, weights };
  }

  private add(
    op: string,
    inputs: readonly string[],
    count: number,
    attributes: Readonly<Record<string, OnnxAttribute>>,
  ): string[] {
    const outputs = Array.from({ length: count }, (_, part) => `${op}_${this.nodes.length}_${part}`);
    this.nodes.push({ op, inputs, outputs, attributes });
    return outputs;
  }
}
