import { type TensorShape, WebDiTError } from '@webdit/core';
import { elementCount, formatShape } from '../safetensors/dtypes.ts';
import { formatError, type SafetensorsHeader } from '../safetensors/header.ts';
import type { TensorTarget } from '../safetensors/stream.ts';

/** A tensor that a layout expects in its file, and the place it fills. */
export interface ExpectedTensor {
  /** Name in the file. */
  readonly source: string;
  /** Shape in the file. */
  readonly shape: readonly number[];
  readonly target: TensorTarget;
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

/**
 * Checks a file against its layout before anything is read.
 * @returns the target of every tensor to read, by its name in the file.
 * @throws WebDiTError `format` for a missing or an unknown tensor, `shape-mismatch` for one of another shape.
 */
export function matchTensors(
  header: SafetensorsHeader,
  expected: readonly ExpectedTensor[],
  path: string,
): Map<string, TensorTarget> {
  const found = new Map(header.tensors.map((tensor) => [tensor.name, tensor]));
  const targets = new Map<string, TensorTarget>();
  for (const { source, shape, target, optional } of expected) {
    const tensor = found.get(source);
    if (!tensor && optional) continue;
    if (!tensor) throw formatError(`Tensor ${source} is missing from ${path}.`);
    if (formatShape(tensor.shape) !== formatShape(shape)) throw shapeMismatch(source, path, shape, tensor.shape);
    targets.set(source, target);
  }
  for (const name of found.keys()) {
    if (targets.has(name)) continue;
    throw formatError(`${path} holds the tensor ${name}, which a DiT of this config does not have.`);
  }
  return targets;
}

function shapeMismatch(name: string, path: string, expected: readonly number[], found: readonly number[]): WebDiTError {
  return new WebDiTError(
    'shape-mismatch',
    `Tensor ${name} of ${path} has shape ${formatShape(found)}; the config asks for ${formatShape(expected)}.`,
    'Check that the weights and the config belong to the same model.',
  );
}
