import type { Work } from './work.ts';

/** Rates of an adapter: FLOP/s and bytes/s. */
export interface Peak {
  readonly flopsPerSecond: number;
  readonly bytesPerSecond: number;
}

export interface Share {
  /** Time at the ceiling over time taken: 1 is the ceiling, more is data that came out of a cache. */
  readonly share: number;
  readonly bound: 'arithmetic' | 'bandwidth';
}

/** Share of the ceiling that binds: work cannot be done sooner than its FLOPs and its bytes each allow. */
export function shareOfCeiling({ flops, bytes }: Work, seconds: number, peak: Peak): Share {
  const arithmetic = flops / peak.flopsPerSecond;
  const bandwidth = bytes / peak.bytesPerSecond;
  return arithmetic >= bandwidth
    ? { share: arithmetic / seconds, bound: 'arithmetic' }
    : { share: bandwidth / seconds, bound: 'bandwidth' };
}
