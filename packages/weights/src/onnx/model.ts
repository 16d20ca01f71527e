import { PbfWriter } from 'pbf';

/**
 * The part of ONNX that a transformer needs, after onnx.proto: nodes, a few constants, and initializers, in the file or outside
 * it. The numbers in `encodeModel` are the field numbers of that file.
 */
export interface OnnxModel {
  readonly name: string;
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly nodes: readonly OnnxNode[];
  /** Small vectors inside the file. */
  readonly constants: ReadonlyMap<string, OnnxConstant>;
  /** Shapes of the f32 tensors. */
  readonly weights: ReadonlyMap<string, readonly number[]>;
}

export interface OnnxValue {
  readonly name: string;
  readonly type: 'float' | 'int64';
  /** A text is a dimension of any size. */
  readonly shape: readonly (number | string)[];
}

export interface OnnxConstant {
  readonly type: OnnxValue['type'];
  readonly values: readonly number[];
}

export interface OnnxNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

/** Whole numbers become ints: write `{ float: 1 }` for a float that is one. */
export type OnnxAttribute = number | string | readonly number[] | { readonly float: number };

/** The operators' version; Gelu came with 20. */
const opsetVersion = 20;
/** Of the file format, the first that opset 20 goes with. */
const irVersion = 9;
const dataTypes = { float: 1, int64: 7 } as const;
const attributeTypes = { float: 1, int: 2, string: 3, ints: 7 } as const;
const externalLocation = 1;

/**
 * The model as the bytes of an `.onnx` file.
 * @param values elements of the weights that go into the file. Any other is a file of its own, called like the tensor, which
 *   holds its elements and nothing else.
 */
export function encodeModel(model: OnnxModel, values: ReadonlyMap<string, Float32Array> = new Map()): Uint8Array {
  const pbf = new PbfWriter();
  pbf.writeVarintField(1, irVersion);
  pbf.writeStringField(2, 'webdit');
  pbf.writeMessage(7, writeGraph, { model, values });
  pbf.writeMessage(8, (version, out) => out.writeVarintField(2, version), opsetVersion);
  return pbf.finish();
}

interface Graph {
  readonly model: OnnxModel;
  readonly values: ReadonlyMap<string, Float32Array>;
}

function writeGraph({ model, values }: Graph, pbf: PbfWriter): void {
  for (const node of model.nodes) pbf.writeMessage(1, writeNode, node);
  pbf.writeStringField(2, model.name);
  for (const constant of model.constants) pbf.writeMessage(5, writeConstant, constant);
  for (const [name, shape] of model.weights) {
    const elements = values.get(name);
    if (elements) pbf.writeMessage(5, writeInnerWeight, { name, shape, elements });
    else pbf.writeMessage(5, writeOuterWeight, { name, shape });
  }
  for (const input of model.inputs) pbf.writeMessage(11, writeValue, input);
  for (const output of model.outputs) pbf.writeMessage(12, writeValue, output);
}

function writeNode(node: OnnxNode, pbf: PbfWriter): void {
  for (const input of node.inputs) pbf.writeStringField(1, input);
  for (const output of node.outputs) pbf.writeStringField(2, output);
  pbf.writeStringField(3, node.outputs[0] ?? node.op);
  pbf.writeStringField(4, node.op);
  for (const attribute of Object.entries(node.attributes)) pbf.writeMessage(5, writeAttribute, attribute);
}

function writeAttribute([name, value]: readonly [string, OnnxAttribute], pbf: PbfWriter): void {
  pbf.writeStringField(1, name);
  if (typeof value === 'number') {
    pbf.writeVarintField(3, value);
    pbf.writeVarintField(20, attributeTypes.int);
  } else if (typeof value === 'string') {
    pbf.writeBytesField(4, new TextEncoder().encode(value));
    pbf.writeVarintField(20, attributeTypes.string);
  } else if ('float' in value) {
    pbf.writeFloatField(2, value.float);
    pbf.writeVarintField(20, attributeTypes.float);
  } else {
    for (const item of value) pbf.writeVarintField(8, item);
    pbf.writeVarintField(20, attributeTypes.ints);
  }
}

function writeConstant([name, { type, values }]: readonly [string, OnnxConstant], pbf: PbfWriter): void {
  writeTensorHead(name, [values.length], type, pbf);
  writeElements(type === 'float' ? Float32Array.from(values) : BigInt64Array.from(values, BigInt), pbf);
}

function writeElements({ buffer, byteOffset, byteLength }: ArrayBufferView, pbf: PbfWriter): void {
  pbf.writeBytesField(9, new Uint8Array(buffer, byteOffset, byteLength));
}

interface Weight {
  readonly name: string;
  readonly shape: readonly number[];
}

function writeInnerWeight(weight: Weight & { readonly elements: Float32Array }, pbf: PbfWriter): void {
  writeTensorHead(weight.name, weight.shape, 'float', pbf);
  writeElements(weight.elements, pbf);
}

function writeOuterWeight({ name, shape }: Weight, pbf: PbfWriter): void {
  writeTensorHead(name, shape, 'float', pbf);
  pbf.writeMessage(
    13,
    (location, entry) => {
      entry.writeStringField(1, 'location');
      entry.writeStringField(2, location);
    },
    name,
  );
  pbf.writeVarintField(14, externalLocation);
}

function writeTensorHead(name: string, shape: readonly number[], type: OnnxValue['type'], pbf: PbfWriter): void {
  for (const size of shape) pbf.writeVarintField(1, size);
  pbf.writeVarintField(2, dataTypes[type]);
  pbf.writeStringField(8, name);
}

function writeValue({ name, type, shape }: OnnxValue, pbf: PbfWriter): void {
  pbf.writeStringField(1, name);
  pbf.writeMessage(2, (_, typeProto) => typeProto.writeMessage(1, writeTensorType, { type, shape }), null);
}

function writeTensorType({ type, shape }: Pick<OnnxValue, 'type' | 'shape'>, pbf: PbfWriter): void {
  pbf.writeVarintField(1, dataTypes[type]);
  pbf.writeMessage(
    2,
    (sizes, shapeProto) => {
      for (const size of sizes) shapeProto.writeMessage(1, writeDimension, size);
    },
    shape,
  );
}

function writeDimension(size: number | string, pbf: PbfWriter): void {
  if (typeof size === 'number') pbf.writeVarintField(1, size);
  else pbf.writeStringField(2, size);
}
