/** Some rows of a tensor, as PyTorch stores it, in a buffer of their own; of a linear's weight, some of its output channels. */
export interface RowPart {
  readonly buffer: GPUBuffer;
  readonly first: number;
  readonly rows: number;
}

/** A range of rows that shares a buffer. */
export type RowRange = Omit<RowPart, 'buffer'>;

/** As few parts of about one size as a device can bind; their bounds are multiples of 4. */
export function splitRows(rows: number, bytesPerRow: number, limit: number): RowRange[] {
  if (rows * bytesPerRow <= limit) return [{ first: 0, rows }];
  const most = Math.max(4, Math.floor(limit / bytesPerRow / 4) * 4);
  const parts = Math.ceil(rows / most);
  const size = Math.ceil(rows / parts / 4) * 4;
  return Array.from({ length: parts }, (_, i) => ({ first: i * size, rows: Math.min(size, rows - i * size) }));
}

/** The part that holds a row. */
export function partOf<T extends RowRange>(parts: readonly T[], row: number): T {
  const part = parts.find(({ first, rows }) => row >= first && row < first + rows);
  if (!part) throw new RangeError(`No part holds row ${row}`);
  return part;
}
