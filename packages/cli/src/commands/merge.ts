import { WebDiTError } from '@webdit/core';
import { mergeComparisons, mergeSearches, type SavedFile } from 'webdit/node';
import { badUsage, printCommand, readCommandLine, requireOption } from '../arguments.ts';
import type { Command } from '../command.ts';
import { type AboutComparison, comparisonFile, writeComparison } from '../comparison-file.ts';
import { checkWritable, readJson, writeJson } from '../files.ts';
import { joinMachines, machine } from '../machine.ts';

/** Makes one file of those that the shards of a comparison or of a search wrote. */
export const merge: Command = async (args, output) => {
  const line = readCommandLine(args, ['json', 'markdown'], 'some');
  const json = requireOption(line, 'json');
  const { markdown } = line.values;
  for (const path of [json, markdown]) if (path !== undefined) await checkWritable(path);
  const files: SavedFile[] = [];
  for (const path of line.positionals) files.push({ path, json: await readJson(path) });
  if (kindOf(files[0] as SavedFile) === 'webdit-compare/1') {
    const { state, rows } = mergeComparisons(files);
    await writeComparison(comparisonFile(aboutShards(files, args), state, rows), { json, markdown }, output);
    return 0;
  }
  if (markdown !== undefined) throw badUsage('A search has no table.', 'Leave out --markdown.');
  const state = mergeSearches(files);
  await writeJson(json, state);
  output.line(`${state.done.length} candidates scored by ${files.length} shards`);
  output.line(`wrote ${json}`);
  return 0;
};

const kinds = ['webdit-compare/1', 'webdit-search/1'];

/** @throws WebDiTError `format`. */
function kindOf({ path, json }: SavedFile): string {
  const { format } = (json ?? {}) as { readonly format?: unknown };
  if (typeof format === 'string' && kinds.includes(format)) return format;
  throw new WebDiTError(
    'format',
    `${path} is of no comparison and of no search.`,
    'Pass the files that compare or search wrote with --shard.',
  );
}

/** Where the shards were measured, by which commands: they wrote it down themselves. @throws WebDiTError `format`. */
function aboutShards(files: readonly SavedFile[], args: readonly string[]): AboutComparison {
  const [first, ...others] = files.map(aboutShard) as [AboutComparison, ...AboutComparison[]];
  return {
    command: `${first.command}, and so each of ${files.length} shards, then ${printCommand('merge', args)}`,
    date: machine().date,
    machine: joinMachines([first.machine, ...others.map((other) => other.machine)]),
  };
}

function aboutShard({ path, json }: SavedFile): AboutComparison {
  const about = json as Partial<AboutComparison>;
  const { cpu, cores, runtime } = about.machine ?? {};
  const texts = [about.command, about.date, cpu, runtime];
  if (texts.every((text) => typeof text === 'string') && Number.isInteger(cores)) return about as AboutComparison;
  throw new WebDiTError('format', `${path} does not say where it was measured.`, 'Make this shard anew.');
}
