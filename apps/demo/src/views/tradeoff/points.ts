import type { CompareSummary } from 'webdit';
import { type FamilyName, familyOf } from './families.ts';

export type SpeedAxis = 'latency' | 'flops';

/** A row of the trade-off as a point of the chart. */
export interface Point {
  readonly row: string;
  readonly family: FamilyName;
  /** Short: the curve already says the family. */
  readonly title: string;
  /** Times faster than uncached, or times less arithmetic. */
  readonly speed: number;
  /** Decibels against the uncached picture; Infinity where it is the same one. */
  readonly quality: number;
}

/** What of a row the chart shows. */
export type ChartedRow = Pick<CompareSummary, 'row' | 'steps' | 'psnr' | 'latencyRatio' | 'flopRatio'>;

/** Rows without a picture to compare have no place in the chart. */
export function pointsOf(rows: readonly ChartedRow[], axis: SpeedAxis): Point[] {
  return rows.flatMap((summary) => {
    const { row, psnr, latencyRatio, flopRatio } = summary;
    if (psnr === null) return [];
    return {
      row,
      family: familyOf(row),
      title: titleOf(summary),
      speed: axis === 'latency' ? latencyRatio : flopRatio.executed,
      quality: psnr === 'identical' ? Number.POSITIVE_INFINITY : psnr,
    };
  });
}

/** The points that none beats in both speed and quality, slowest first. */
export function paretoFront(points: readonly Point[]): Point[] {
  const fastestFirst = [...points].sort((a, b) => b.speed - a.speed || b.quality - a.quality);
  let best = Number.NEGATIVE_INFINITY;
  const front = fastestFirst.filter(({ quality }) => {
    const onFront = quality > best;
    best = Math.max(best, quality);
    return onFront;
  });
  return front.reverse();
}

/** Where a point's name goes without covering an earlier one: above it, or below. */
export function labelOffsets(places: readonly { readonly x: number; readonly y: number }[]): number[] {
  const taken: { x: number; y: number }[] = [];
  return places.map(({ x, y }) => {
    const covered = (offset: number) => taken.some((t) => Math.abs(t.x - x) < 52 && Math.abs(t.y - (y + offset)) < 14);
    const offset = covered(above) && !covered(below) ? below : above;
    taken.push({ x, y: y + offset });
    return offset;
  });
}

/** Pixels from a point to the baseline of its name. */
const above = -12;
const below = 22;

function titleOf({ row, steps }: ChartedRow): string {
  if (row === 'none') return 'uncached';
  if (row.startsWith('none at')) return `${steps} steps`;
  const [, setting] = row.split(':');
  if (setting === undefined) return 'suggested';
  return /^\d/.test(setting) ? `N=${setting}` : setting;
}
