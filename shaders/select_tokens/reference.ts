export interface SelectTokensSize {
  readonly batch: number;
  readonly tokens: number;
  /** Tokens in a row of the grid. */
  readonly columns: number;
  readonly planes: number;
  readonly selected: number;
  readonly window: number;
  readonly shared: boolean;
  readonly reset: boolean;
  readonly aged: number;
  readonly sign: 1 | -1;
  /** Staleness weight / period. */
  readonly staleness: number;
  readonly bonusRatio: number;
}

/**
 * Selection by definition (docs/procache.md 3), in f64 with a stable sort: `ids` `[batch][selected]`, best first,
 * and the ages afterwards `[batch * tokens]`. `scores` is `[batch, planes, tokens]`.
 */
export function selectTokensReference(
  scores: Float32Array,
  ages: Uint32Array,
  p: SelectTokensSize,
): { ids: number[][]; ages: number[] } {
  const rows = Array.from({ length: p.batch }, (_, b) => b);
  const tokens = Array.from({ length: p.tokens }, (_, i) => i);
  const raw = rows.map((b) =>
    tokens.map((i) => {
      let sum = 0;
      for (let h = 0; h < p.planes; h++) sum += scores[(b * p.planes + h) * p.tokens + i] as number;
      return sum / p.planes;
    }),
  );
  const mean = tokens.map((i) => raw.reduce((sum, row) => sum + (row[i] as number), 0) / p.batch);
  const agesAfter: number[] = [];
  const ids = rows.map((b) => {
    const own = p.shared ? mean : (raw[b] as number[]);
    const norm = Math.hypot(...own);
    const age = tokens.map((i) => (p.reset ? 0 : (ages[b * p.tokens + i] as number)) + p.aged);
    const score = tokens.map((i) => (p.sign * (own[i] as number)) / norm + p.staleness * (age[i] as number));
    const side = p.columns;
    const windowOf = (i: number) =>
      `${Math.floor(Math.floor(i / side) / p.window)},${Math.floor((i % side) / p.window)}`;
    const best = new Map<string, number>();
    for (const i of tokens) {
      const leader = best.get(windowOf(i));
      if (leader === undefined || (score[i] as number) > (score[leader] as number)) best.set(windowOf(i), i);
    }
    const final = tokens.map((i) =>
      p.window > 1 && best.get(windowOf(i)) === i ? (score[i] as number) * (1 + p.bonusRatio) : (score[i] as number),
    );
    const chosen = [...tokens]
      .sort((i, j) => (final[j] as number) - (final[i] as number) || i - j)
      .slice(0, p.selected);
    agesAfter.push(...tokens.map((i) => (chosen.includes(i) ? 0 : (age[i] as number) + 1)));
    return chosen;
  });
  return { ids, ages: agesAfter };
}
