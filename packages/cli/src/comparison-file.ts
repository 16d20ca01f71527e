import { type ComparePlan, type CompareState, type CompareSummary, compareTable, type ShardHeader } from 'webdit/node';
import type { Output } from './command.ts';
import { writeBytes, writeJson } from './files.ts';
import type { Machine } from './machine.ts';

/** How and where a comparison was made. */
export interface AboutComparison {
  readonly command: string;
  readonly date: string;
  readonly machine: Machine;
}

/** A comparison as it is kept in a file, in the order of its fields; `header` is a shard's. */
export function comparisonFile<Rows extends readonly CompareSummary[] | undefined>(
  about: AboutComparison,
  { format, settings, measurements }: CompareState,
  rows: Rows,
  header?: ShardHeader<ComparePlan> | undefined,
) {
  return { format, ...about, settings, ...header, rows, measurements };
}

/** Writes a finished comparison to the files that were asked for, and prints its table. */
export async function writeComparison(
  file: ReturnType<typeof comparisonFile<readonly CompareSummary[]>>,
  { json, markdown }: { readonly json?: string | undefined; readonly markdown?: string | undefined },
  output: Output,
): Promise<void> {
  if (json !== undefined) await writeJson(json, file);
  await writeTable(compareTable(file.settings, file.rows), markdown, output);
  for (const path of [json, markdown]) if (path !== undefined) output.line(`wrote ${path}`);
}

/** Prints a table, and writes it where it was asked for. */
export async function writeTable(table: string, markdown: string | undefined, output: Output): Promise<void> {
  if (markdown !== undefined) await writeBytes(markdown, `${table}\n`);
  for (const text of table.split('\n')) output.line(text);
}
