import type { CompareSettings } from '../comparison.ts';
import type { RatioStandings, Standing } from './standings.ts';
import type { Study } from './study.ts';

const header = [
  'family',
  'setting',
  'FLOPs executed',
  'latent error',
  'on all pairs',
  'against',
  'rival less ours',
  '95 % interval',
  'PSNR dB',
  'SSIM',
  'latency',
  'GPU MiB',
];

/** What a study found as GitHub markdown, a table for each ratio; least latent error first. */
export function standingsTable(study: Study, settings: CompareSettings, standings: readonly RatioStandings[]): string {
  return [
    `${settings.model}, ${settings.steps} steps, guidance ${settings.guidanceScale}; ${settings.adapter}, ${settings.dtype}. Every row on ${study.everyRow} pairs of seed and label, the ${study.best} best rivals of each ratio and the rows of ${study.ours} they are held against on ${study.report.length}; settings chosen on ${study.tuning.length} others.`,
    ...standings.flatMap(({ ratio, rows }) => ['', `### FLOP ratio ${ratio}`, '', ...table(rows)]),
  ].join('\n');
}

function table(rows: readonly Standing[]): string[] {
  const lines = rows.map((row) => {
    const { against } = row;
    return [
      row.family,
      settingOf(row),
      `${row.flopRatio.executed.toFixed(3)} x`,
      row.sharedError.toFixed(4),
      `${row.latentError.toFixed(4)} (${row.pairs})`,
      against === null
        ? '-'
        : against.matched
          ? against.row
          : `${against.row}, ${(100 * against.handicap).toFixed(1)} % fewer FLOPs`,
      against === null ? '-' : `${signed(against.difference)} (${against.pairs})`,
      against === null ? '-' : `${signed(against.interval.low)} to ${signed(against.interval.high)}`,
      typeof row.psnr === 'number' ? row.psnr.toFixed(2) : (row.psnr ?? '-'),
      row.ssim?.toFixed(4) ?? '-',
      `${row.latencyRatio.toFixed(2)} x`,
      (row.peakGpuBytes / 2 ** 20).toFixed(1),
    ];
  });
  return [header, header.map((_, i) => (i < 2 ? '---' : '---:')), ...lines].map((cells) => `| ${cells.join(' | ')} |`);
}

/** The row's id as it can be asked for, with the policy's name where that says more. */
function settingOf({ row, policy }: Standing): string {
  return policy === 'none' || policy === row ? row : `${row} = ${policy}`;
}

function signed(value: number): string {
  return `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(4)}`;
}
