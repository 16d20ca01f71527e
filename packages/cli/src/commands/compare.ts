import { type CacheSpec, maxSteps } from '@webdit/core';
import { type CompareRow, comparePolicies, compareTable, makePairs, parseCompareState } from 'webdit/node';
import { badUsage, type CommandLine, integerOption, listOption, numberOption, readCommandLine } from '../arguments.ts';
import { readCache } from '../cache-option.ts';
import type { Command } from '../command.ts';
import { checkWritable, readSaved, writeBytes, writeJson } from '../files.ts';
import { pairOptions, readFewerSteps, readPairs } from '../lab-options.ts';
import { machine } from '../machine.ts';
import { pipelineOptions, withPipeline } from '../pipeline.ts';

const options = [
  ...pipelineOptions,
  ...pairOptions,
  'policies',
  'steps',
  'fewer-steps',
  'guidance',
  'resume',
  'json',
  'markdown',
];

/** Prints the trade-off table: every policy on the same seeds and labels, held against the uncached run. */
export const compare: Command = async (args, output) => {
  const line = readCommandLine(args, options, 0);
  const steps = integerOption(line, 'steps', 1, maxSteps);
  const rows = await readRows(line, steps);
  const pairs = readPairs(line, { count: 2, firstSeed: 0 });
  const guidanceScale = numberOption(line, 'guidance');
  const { resume, json, markdown } = line.values;
  for (const path of [json, markdown]) if (path !== undefined) await checkWritable(path);
  const state = await readSaved(resume, parseCompareState);
  await withPipeline(line, output, async (pipeline) => {
    const result = await comparePolicies(pipeline, {
      rows,
      pairs: makePairs(pairs.count, { numClasses: pipeline.info.model.numClasses, ...pairs }),
      steps,
      guidanceScale,
      state,
      onProgress: async ({ done, total, latest, state }) => {
        output.progress(`${done} of ${total}: ${latest.policy} ${(latest.ms / 1000).toFixed(2)} s`);
        if (resume !== undefined) await writeJson(resume, state);
      },
    });
    const { format, settings, measurements } = result.state;
    if (json !== undefined) {
      const about = { command: `webdit compare ${args.join(' ')}`, ...machine() };
      await writeJson(json, { format, ...about, settings, rows: result.rows, measurements });
    }
    const table = compareTable(settings, result.rows);
    if (markdown !== undefined) await writeBytes(markdown, `${table}\n`);
    for (const text of table.split('\n')) output.line(text);
    for (const path of [json, markdown]) if (path !== undefined) output.line(`wrote ${path}`);
  });
  return 0;
};

async function readRows(line: CommandLine, steps: number | undefined): Promise<CompareRow[]> {
  const policies = listOption(line, 'policies');
  if (policies === undefined) {
    throw badUsage('Nothing says what to compare.', 'Add --policies, such as none,fora:3,procache.');
  }
  const caches: CacheSpec[] = [];
  for (const text of policies) caches.push(await readCache(text, steps));
  return [...caches, ...readFewerSteps(line)];
}
