import {
  type CompareSettings,
  type CompareSummary,
  compareTable,
  type RatioStandings,
  type Study,
  standingsTable,
} from '../../../packages/webdit/src/index.ts';

/** A comparison of policies as bench/results keeps it. */
export interface Comparison {
  readonly command: string;
  readonly date: string;
  readonly machine: { readonly runtime: string };
  readonly settings: CompareSettings;
  readonly rows: readonly CompareSummary[];
}

/** @throws Error for another file. */
export function readComparison(json: unknown): Comparison {
  const { format } = json as { format?: unknown };
  if (format !== 'webdit-compare/1') throw new Error(`A measured table cannot be made of ${String(format)}.`);
  return json as Comparison;
}

/** The table of a comparison with what it was measured by, as markdown. */
export function measuredTable(comparison: Comparison): string {
  const { settings, rows } = comparison;
  const [, ...table] = compareTable(settings, rows).split('\n');
  const pictures = Math.max(...rows.map((row) => row.pairs));
  return `**${settings.model}, ${settings.steps} steps, guidance ${settings.guidanceScale}, ${whereOf(comparison)}.** Medians of ${pictures} pictures a row.
${table.join('\n')}

Measured on ${dateOf(comparison)} by \`${comparison.command}\``;
}

/** What a study found, with what it was measured by, as markdown. @throws Error for another file. */
export function studyTables(json: unknown): string {
  const comparison = readComparison(json);
  const { study, standings } = json as { readonly study: Study; readonly standings: readonly RatioStandings[] };
  if (!study || !standings) throw new Error('This comparison is not of a study.');
  const table = standingsTable(study, comparison.settings, standings).replaceAll(/^### (.*)$/gm, '**$1**');
  return `${table}

Measured on ${dateOf(comparison)} in ${comparison.machine.runtime} by \`${comparison.command}\``;
}

/** Adapter and runtime: `google swiftshader, Chromium 156`. */
export function whereOf({ settings, machine }: Comparison): string {
  return `${settings.adapter}, ${machine.runtime}`;
}

export function dateOf({ date }: Comparison): string {
  return date.slice(0, 10);
}
