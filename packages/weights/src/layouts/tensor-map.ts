import { type TensorShape, WebDiTError } from '@webdit/core';
import { elementCount, formatShape } from '../safetensors/dtypes.ts';
import type { SafetensorsTensor } from '../safetensors/header.ts';
import { formatError } from '../safetensors/header.ts';
import type { TensorTarget } from '../safetensors/stream.ts';
import type { Weights } from '../weight-files.ts';

/** A tensor that a layout expects in its weights, and the place it fills. */
export interface ExpectedTensor {
  /** Name in the file. */
  readonly source: string;
  /** Shape in the file. */
  readonly shape: readonly number[];
  /** Null for one that is there, but not read. */
  readonly target: TensorTarget | null;
  readonly optional: boolean;
}

/** A file tensor `source` that is the whole of `target`. */
export function whole(source: string, target: TensorShape): ExpectedTensor {
  const { name, shape } = target;
  return {
    source,
    shape,
    target: { name, shape, elementOffset: 0, elementCount: elementCount(shape) },
    optional: target.optional === true,
  };
}

/** File tensors `sources` that are equal parts of the rows of `target`, in this order. */
export function partsOf(target: TensorShape, sources: readonly string[]): ExpectedTensor[] {
  const { name, shape } = target;
  const [rows = 0, ...rest] = shape;
  const partShape = [rows / sources.length, ...rest];
  const count = elementCount(partShape);
  return sources.map((source, index) => ({
    source,
    shape: partShape,
    target: { name, shape, elementOffset: index * count, elementCount: count },
    optional: false,
  }));
}

/** A file tensor `source` that may be there, and is not read. */
export function unread(source: string, shape: readonly number[]): ExpectedTensor {
  return { source, shape, target: null, optional: true };
}

/**
 * Checks weights against their layout before anything is read.
 * @returns the target of every tensor to read, by its name in the files.
 * @throws WebDiTError `format` for a missing or an unknown tensor, `shape-mismatch` for one of another shape.
 */
export function matchTensors(weights: Weights, expected: readonly ExpectedTensor[]): Map<string, TensorTarget> {
  const found = new Map(weights.tensors.map((tensor) => [tensor.name, tensor]));
  const targets = new Map<string, TensorTarget>();
  const known = new Set<string>();
  for (const { source, shape, target, optional } of expected) {
    const tensor = found.get(source);
    if (!tensor && optional) continue;
    if (!tensor) throw formatError(`Tensor ${source} is missing from ${weights.path}.`);
    if (formatShape(tensor.shape) !== formatShape(shape)) {
      throw shapeMismatch(source, fileOf(source, weights), shape, tensor.shape);
    }
    known.add(source);
    const scaledBy = tensor.dtype === 'I8' ? findScales(tensor, found, weights) : null;
    if (scaledBy !== null) known.add(scaledBy);
    if (target) targets.set(source, scaledBy === null ? target : { ...target, scaledBy });
  }
  for (const name of found.keys()) {
    if (known.has(name)) continue;
    throw formatError(`${fileOf(name, weights)} holds the tensor ${name}, which a model of this config does not have.`);
  }
  return targets;
}

/** The tensor with the scales of an int8 tensor. @throws WebDiTError `format`, `shape-mismatch`. */
function findScales(
  { name, shape }: SafetensorsTensor,
  found: ReadonlyMap<string, SafetensorsTensor>,
  weights: Weights,
): string {
  const scales = found.get(scalesOf(name));
  const path = fileOf(name, weights);
  if (!scales) throw formatError(`Tensor ${name} of ${path} is I8, but there is no ${scalesOf(name)} with its scales.`);
  if (scales.dtype !== 'F32') throw formatError(`Tensor ${scales.name} of ${path} is ${scales.dtype}; scales are F32.`);
  const rows = shape.slice(0, 1);
  if (formatShape(scales.shape) !== formatShape(rows)) throw shapeMismatch(scales.name, path, rows, scales.shape);
  return scales.name;
}

/** Name of the tensor with the scales of an int8 tensor. */
export function scalesOf(name: string): string {
  return `${name}_scale`;
}

function fileOf(name: string, { files, path }: Weights): string {
  return files.find(({ header }) => header.tensors.some((tensor) => tensor.name === name))?.path ?? path;
}

function shapeMismatch(name: string, path: string, expected: readonly number[], found: readonly number[]): WebDiTError {
  return new WebDiTError(
    'shape-mismatch',
    `Tensor ${name} of ${path} has shape ${formatShape(found)}; the config asks for ${formatShape(expected)}.`,
    'Check that the weights and the config belong to the same model.',
  );
}
