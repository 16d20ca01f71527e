import { expect, it } from 'vitest';
import type { RecordedStanding } from '../../recorded.ts';
import { cellsOf } from './standing-cells.ts';

const against = {
  row: 'procache+:B25',
  handicap: 0,
  matched: true,
  pairs: 8,
  difference: 0.01234,
  interval: { low: -0.00101, high: 0.02 },
};
const standing: RecordedStanding = {
  row: 'fora:2',
  policy: 'fora_N2',
  derived: false,
  family: 'fora',
  steps: 50,
  pairs: 8,
  ms: 1,
  gpuMs: 1,
  latencyRatio: 1.9,
  gpuLatencyRatio: 1.9,
  flopRatio: { executed: 1.9876, published: 2 },
  psnr: 35.26,
  ssim: 0.99,
  latentError: 0.06,
  sharedError: 0.05,
  tuningError: 0.07,
  peakGpuBytes: 27.94 * 2 ** 20,
  against,
};

it('writes a row with the error that all rows share, and its difference with a sign', () => {
  expect(cellsOf(standing)).toEqual({
    flopRatio: '1.988',
    latentError: '0.0500',
    psnr: '35.3',
    mebibytes: '27.9',
    pictures: '8',
    difference: { value: '+0.0123', interval: '-0.0010 to +0.0200', against: 'than procache+:B25' },
  });
});

it('says where ours computes less, and nothing where there is none to hold it against', () => {
  const unmatched = { ...against, matched: false, handicap: 0.0341 };
  expect(cellsOf({ ...standing, against: unmatched }).difference?.against).toBe(
    'than procache+:B25 with 3.4 % fewer FLOPs',
  );
  expect(cellsOf({ ...standing, against: null, psnr: null })).toMatchObject({ difference: null, psnr: '-' });
});
