import type { TensorDType } from '@webdit/core';

/** A name that a pickle imports: one of the few that are allowed. */
export class PickleGlobal {
  constructor(
    readonly module: string,
    readonly name: string,
  ) {}

  toString(): string {
    return `${this.module}.${this.name}`;
  }
}

/** A run of elements in a file of their own, which tensors are views of. */
export interface Storage {
  /** As in `torch.FloatStorage`. */
  readonly type: string;
  /** Null for types that weights do not have. */
  readonly dtype: TensorDType | null;
  /** Names its entry in the zip. */
  readonly key: string;
  readonly elements: number;
}

/** A tensor: a strided view of a storage. All in elements. */
export class PickledTensor {
  constructor(
    readonly storage: Storage,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {}
}

/** A storage as it lies on the pickle's stack. */
export class PickledStorage {
  constructor(readonly storage: Storage) {}
}

/** What a checkpoint may consist of. Lists and tuples are arrays, dicts and ordered dicts maps. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly PickleValue[]
  | ReadonlyMap<PickleValue, PickleValue>
  | PickleGlobal
  | PickledStorage
  | PickledTensor;
