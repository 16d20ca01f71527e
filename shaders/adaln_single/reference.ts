import type { AdaLNSingleSize } from './index.ts';

/** table + source in f64, the source repeated over the table's width: `[rows, width]`. */
export function adaLNSingleReference(
  table: Float32Array,
  source: Float32Array,
  { rows, width, sourceWidth }: Omit<AdaLNSingleSize, 'outputOffset'>,
): Float64Array {
  return Float64Array.from({ length: rows * width }, (_, i) => {
    const row = Math.floor(i / width);
    return (table[i % width] as number) + (source[row * sourceWidth + ((i % width) % sourceWidth)] as number);
  });
}
