import type { StepKind } from '@webdit/core';
import type { CompareSettings } from './comparison.ts';
import type { CompareSummary } from './summary.ts';

const kinds: readonly StepKind[] = ['full', 'selective', 'forecast', 'skip', 'reuse'];

/**
 * The trade-off table as GitHub markdown. Times are medians of the loop without the VAE; "latency" and "FLOPs" say how many times
 * less than uncached; the last columns hold the picture against the uncached one.
 */
export function compareTable(settings: CompareSettings, rows: readonly CompareSummary[]): string {
  const used = kinds.filter((kind) => rows.some((row) => row.kinds[kind] !== undefined));
  const names = used.join(' / ');
  const header = [
    'policy',
    names,
    'ms',
    'latency',
    'FLOPs executed',
    'FLOPs published',
    'PSNR dB',
    'SSIM',
    'latent error',
    'GPU MiB',
    `ms per step: ${names}`,
  ];
  const uncached = rows.find(({ row }) => row === 'none');
  const lines = rows.map((row) => [
    title(row, settings, uncached),
    used.map((kind) => Number((row.kinds[kind]?.count ?? 0).toFixed(1))).join(' / '),
    row.ms.toFixed(0),
    `${row.latencyRatio.toFixed(2)} x`,
    `${row.flopRatio.executed.toFixed(2)} x`,
    `${row.flopRatio.published.toFixed(2)} x`,
    typeof row.psnr === 'number' ? row.psnr.toFixed(2) : (row.psnr ?? '-'),
    row.ssim?.toFixed(4) ?? '-',
    row.latentError.toFixed(4),
    (row.peakGpuBytes / 2 ** 20).toFixed(1),
    used.map((kind) => stepTime(row, kind)).join(' / '),
  ]);
  const pictures = Math.max(0, ...rows.map((row) => row.pairs));
  return [
    `${settings.model}, ${settings.steps} steps, guidance ${settings.guidanceScale}, ${pictures} pictures a row; ${settings.adapter}, ${settings.dtype}.`,
    '',
    ...[header, header.map((_, i) => (i === 0 ? '---' : '---:')), ...lines].map((cells) => `| ${cells.join(' | ')} |`),
  ].join('\n');
}

function title(
  { policy, derived, steps, sampler }: CompareSummary,
  settings: CompareSettings,
  uncached: CompareSummary | undefined,
): string {
  const name = derived ? `${policy} (derived)` : policy;
  if (sampler !== uncached?.sampler) return `${name}, ${steps} steps of ${sampler}`;
  return steps === settings.steps ? name : `${name}, ${steps} steps`;
}

/** GPU time of one step where there is any, else wall clock, which cannot tell short steps of one submit apart. */
function stepTime(row: CompareSummary, kind: StepKind): string {
  const times = row.kinds[kind];
  if (!times) return '-';
  return times.gpuMs === null ? `${times.ms.toFixed(1)} wall` : times.gpuMs.toFixed(1);
}
