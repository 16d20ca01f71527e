export interface GatedSumSize {
  readonly rows: number;
  readonly tokens: number;
  readonly C: number;
  /** 2: attention, MLP; 3: cross-attention, which has no gate, between them. */
  readonly branches: number;
  readonly first: number;
  readonly count: number;
  readonly slabFirst: number;
  readonly modulationRows: number;
  readonly modulationRow: number;
  readonly firstWeight: number;
}

/**
 * hidden + sum of gate x weight x cached output over entries (layer, branch), in f64. `modulation` is
 * `[layer, modulationRows, 6, C]` with the gates at parts 2 and 5; `slab` is `[entry, rows, C]` from entry `slabFirst`, the weights `[entry]` from `firstWeight`.
 */
export function gatedSumReference(
  hidden: Float32Array,
  modulation: Float32Array,
  slab: Float32Array,
  weights: Float32Array,
  { rows, tokens, C, branches, first, count, slabFirst, modulationRows, modulationRow, firstWeight }: GatedSumSize,
): Float64Array {
  return Float64Array.from(hidden, (value, i) => {
    const tableRow = modulationRow + Math.floor(i / C / tokens);
    let sum = value;
    for (let entry = first; entry < first + count; entry++) {
      const layer = Math.floor(entry / branches);
      const branch = entry % branches;
      const part = branch === 0 ? 2 : 5;
      const table = modulation[((layer * modulationRows + tableRow) * 6 + part) * C + (i % C)] as number;
      const gate = branch === 1 && branches === 3 ? 1 : table;
      const weight = weights[firstWeight + entry] as number;
      sum += gate * weight * (slab[(entry - slabFirst) * rows * C + i] as number);
    }
    return sum;
  });
}
