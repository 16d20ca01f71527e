import type { BandwidthRate, Ceilings, ProbeRate } from './ceilings.ts';
import type { BenchReport, KernelRate } from './report.ts';
import type { ModelSteps } from './steps.ts';
import type { SweepRate, SweepResult } from './sweep.ts';

/** A table of a report, for a terminal or a page. */
export interface Table {
  readonly title: string;
  readonly header: readonly string[];
  /** The first columns, which are text; the others are numbers. */
  readonly textColumns: number;
  readonly rows: readonly (readonly string[])[];
}

/** Three figures, whatever the size. */
export function figures(value: number): string {
  if (!Number.isFinite(value)) return '-';
  const digits = value === 0 ? 2 : 2 - Math.floor(Math.log10(Math.abs(value)));
  return value.toFixed(Math.min(6, Math.max(0, digits)));
}

export const percent = (share: number): string => (Number.isFinite(share) ? `${(share * 100).toFixed(0)} %` : '-');

/** The tables of a report, in the order a person reads them. */
export function benchTables({ ceilings, kernels, steps }: BenchReport): Table[] {
  return [
    probeTable(ceilings),
    bandwidthTable(ceilings.bandwidth),
    ...kernels.map(({ model, rates }) => kernelTable(model, rates)),
    stepTable(steps),
  ];
}

function probeTable({ probes, gflops, clock }: Ceilings): Table {
  const ceiling = Object.entries(gflops).map(([number, best]) => `${number} ${figures(best)} GFLOP/s`);
  const columns = ['fma scalar', 'fma vec4', 'a*b+c scalar', 'a*b+c vec4'];
  const key = ({ number, accumulators }: ProbeRate) =>
    `${number}, ${accumulators} accumulator${accumulators > 1 ? 's' : ''}`;
  const names = [...new Set(probes.map(key))];
  return {
    title: `Arithmetic: the best is the ceiling: ${ceiling.join(', ')} (${clock === 'gpu' ? 'GPU timestamps' : 'wall clock'})`,
    header: ['GFLOP/s', ...columns],
    textColumns: 1,
    rows: names.map((name) => [
      name,
      ...columns.map((column) => {
        const found = probes.find((probe) => key(probe) === name && `${probe.form} ${probe.width}` === column);
        return figures(found?.gflops ?? Number.NaN);
      }),
    ]),
  };
}

function bandwidthTable(rates: readonly BandwidthRate[]): Table {
  return {
    title: 'Bandwidth: vectors of four, incompressible data',
    header: ['form', 'MiB', 'GB/s'],
    textColumns: 1,
    rows: rates.map(({ form, mebibytes, gigabytesPerSecond }) => [
      form,
      mebibytes.toFixed(0),
      figures(gigabytesPerSecond),
    ]),
  };
}

function kernelTable(model: string, rates: readonly KernelRate[]): Table {
  return {
    title: `Kernels of ${model}`,
    header: ['op', 'shape', 'kernel', 'ms', 'GFLOP/s', 'GB/s', 'of ceiling', 'bound by'],
    textColumns: 3,
    rows: rates.map(({ op, shape, kernels, ms, gflops, gigabytesPerSecond, share, bound }) => [
      op,
      shape,
      kernels,
      figures(ms),
      figures(gflops),
      figures(gigabytesPerSecond),
      percent(share),
      bound,
    ]),
  };
}

function stepTable(models: readonly ModelSteps[]): Table {
  return {
    title:
      'Steps: what one asks of the CPU and of the memory bus (dispatches a block: at full width, where large ones are cut)',
    header: ['step', 'model', 'blocks', 'dispatches a block', 'dispatches', 'encode ms', 'first time', 'GFLOP', 'MB'],
    textColumns: 2,
    rows: models.flatMap(({ model, depth, dispatchesPerBlock, steps }) =>
      steps.map(({ kind, dispatches, encodeMs, firstEncodeMs, gflop, megabytes }) => [
        kind,
        model,
        `${depth}`,
        kind === 'reuse' ? '-' : `${dispatchesPerBlock}`,
        `${dispatches}`,
        figures(encodeMs),
        figures(firstEncodeMs),
        figures(gflop),
        figures(megabytes),
      ]),
    ),
  };
}

/** All variants of one group, fastest first. */
export function sweepTable({ op, shape, format, rates, notRun, failed }: SweepResult): Table {
  const left = notRun.length > 0 ? `; ${notRun.length} not run here` : '';
  const wrong = failed.map(({ variant, error }) => `; ${variant} failed: ${error}`).join('');
  return {
    title: `${op} ${shape}, ${format}${left}${wrong}`,
    header: ['variant', 'role', 'ms', 'GFLOP/s', 'of ceiling', 'of best', 'over baseline'],
    textColumns: 2,
    rows: rates.map((rate) => [rate.variant, role(rate), ...rateCells(rate)]),
  };
}

/** What the static table runs here in each group, then the fastest kept variant, where that is another. */
export function sweepSummary(results: readonly SweepResult[]): Table {
  return {
    title: 'What runs here, and the best of the kept, against the best of the sweep and against its baseline',
    header: ['group', 'variant', 'role', 'ms', 'GFLOP/s', 'of ceiling', 'of best', 'over baseline'],
    textColumns: 3,
    rows: results.flatMap(({ op, shape, format, bestKept, rates }) => {
      const chosen = rates.filter((rate) => rate.chosen);
      const shown = bestKept && !bestKept.chosen ? [...chosen, bestKept] : chosen;
      return shown.map((rate) => [`${op} ${shape}, ${format}`, rate.variant, role(rate), ...rateCells(rate)]);
    }),
  };
}

const role = ({ kept, chosen, baseline }: SweepRate) =>
  [kept && 'kept', chosen && 'chosen', baseline && 'baseline'].filter(Boolean).join(', ') || '-';

const rateCells = ({ ms, gflops, share, ofBest, overBaseline }: SweepRate) => [
  figures(ms),
  figures(gflops),
  percent(share),
  percent(ofBest),
  overBaseline === null ? '-' : `${overBaseline.toFixed(2)} x`,
];

/** A table for a terminal, which is GitHub markdown too. */
export function tableText({ title, header, textColumns, rows }: Table): string {
  const widths = header.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const pad = (cell: string, i: number) =>
    i < textColumns ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0);
  const line = (cells: readonly string[]) => `| ${cells.map(pad).join(' | ')} |`;
  const rule = widths.map((width, i) => (i < textColumns ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [title, '', line(header), line(rule), ...rows.map(line)].join('\n');
}
