import type { TensorDType } from '@webdit/core';

/** Bytes per element. */
export const dtypeBytes: Readonly<Record<TensorDType, number>> = {
  F32: 4,
  F16: 2,
  BF16: 2,
  I8: 1,
  U8: 1,
  I32: 4,
  I64: 8,
};

export function isTensorDType(name: unknown): name is TensorDType {
  return typeof name === 'string' && Object.hasOwn(dtypeBytes, name);
}

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((count, size) => count * size, 1);
}

/** Bytes of a tensor's elements. */
export function tensorBytes({
  dtype,
  shape,
}: {
  readonly dtype: TensorDType;
  readonly shape: readonly number[];
}): number {
  return elementCount(shape) * dtypeBytes[dtype];
}

/** Whether a value read from a file is a whole number from 0 on that arithmetic keeps exact. */
export function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** `[3, 4]` */
export function formatShape(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}
