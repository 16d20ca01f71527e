import { elementCount } from '../safetensors/dtypes.ts';

/** A view of a run of elements, as PyTorch describes one. All in elements. */
export interface Strided {
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** Whether the elements follow one another, row by row. */
export function isContiguous({ shape, strides }: Strided): boolean {
  if (elementCount(shape) === 0) return true;
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis] as number;
    if (size !== 1 && strides[axis] !== expected) return false;
    expected *= size;
  }
  return true;
}

/** How many elements lie between the first and the last of a view, both included. */
export function extent({ shape, strides }: Strided): number {
  if (elementCount(shape) === 0) return 0;
  return shape.reduce((sum, size, axis) => sum + (size - 1) * (strides[axis] as number), 1);
}

/** The elements of a view, row by row. @param source bytes of its extent. */
export function gather({ shape, strides }: Strided, elementBytes: number, source: Uint8Array): Uint8Array {
  const gathered = new Uint8Array(elementCount(shape) * elementBytes);
  const index = new Array<number>(shape.length).fill(0);
  let at = 0;
  for (let out = 0; out < gathered.length; out += elementBytes) {
    for (let i = 0; i < elementBytes; i++) gathered[out + i] = source[at + i] as number;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const step = (strides[axis] as number) * elementBytes;
      const next = (index[axis] as number) + 1;
      const carry = next === shape[axis];
      index[axis] = carry ? 0 : next;
      at += carry ? -(next - 1) * step : step;
      if (!carry) break;
    }
  }
  return gathered;
}
