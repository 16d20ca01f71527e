import type { RecordedStanding } from '../../recorded.ts';

/** A row of the recorded table, as texts. */
export interface StandingCells {
  readonly flopRatio: string;
  readonly latentError: string;
  readonly psnr: string;
  readonly mebibytes: string;
  readonly pictures: string;
  /** By how much the latent error is larger than ours, and the 95 % interval; null for rows that are not held against one of ours. */
  readonly difference: { readonly value: string; readonly interval: string; readonly against: string } | null;
}

export function cellsOf(row: RecordedStanding): StandingCells {
  const { flopRatio, sharedError, psnr, peakGpuBytes, pairs, against } = row;
  return {
    flopRatio: flopRatio.executed.toFixed(3),
    latentError: sharedError.toFixed(4),
    psnr: typeof psnr === 'number' ? psnr.toFixed(1) : (psnr ?? '-'),
    mebibytes: (peakGpuBytes / 2 ** 20).toFixed(1),
    pictures: String(pairs),
    difference: against && {
      value: signed(against.difference),
      interval: `${signed(against.interval.low)} to ${signed(against.interval.high)}`,
      against: against.matched
        ? `than ${against.row}`
        : `than ${against.row} with ${(100 * against.handicap).toFixed(1)} % fewer FLOPs`,
    },
  };
}

function signed(value: number): string {
  return `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(4)}`;
}
