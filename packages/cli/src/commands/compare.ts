import { checkSamePlan, checkShardCount, comparePlan, comparePolicies, parseCompareState, shardOf } from 'webdit/node';
import { badUsage, printCommand, readCommandLine } from '../arguments.ts';
import type { Command } from '../command.ts';
import { readListed } from '../compare-source.ts';
import { comparisonFile, writeComparison } from '../comparison-file.ts';
import { checkWritable, writeJson } from '../files.ts';
import { pairOptions } from '../lab-options.ts';
import { machine } from '../machine.ts';
import { pipelineOptions, withPipeline } from '../pipeline.ts';
import { readSavedShard, shardOption } from '../shards.ts';
import { compareStudy, readStage } from '../study.ts';

const studyOptions = ['stage', 'from', 'svg'];
const options = [
  ...pipelineOptions,
  ...pairOptions,
  'policies',
  'steps',
  'fewer-steps',
  'guidance',
  'scheduler',
  'study',
  ...studyOptions,
  'shard',
  'resume',
  'json',
  'markdown',
];

/** Prints the trade-off table: every policy on the same seeds and labels, held against the uncached run. */
export const compare: Command = async (args, output) => {
  const line = readCommandLine(args, options, 0);
  const { study, stage, resume, json, markdown } = line.values;
  const without = studyOptions.find((name) => study === undefined && line.values[name] !== undefined);
  if (without !== undefined) throw badUsage(`--${without} is of a study.`, 'Add --study FILE.');
  if (study !== undefined && stage === undefined) {
    await compareStudy(line, args, output);
    return 0;
  }
  const source = await (stage === undefined ? readListed(line) : readStage(line));
  const shard = shardOption(line, ['resume', 'json']);
  if (shard) checkShardCount(shard.count, source.count);
  for (const path of [json, markdown]) if (path !== undefined) await checkWritable(path);
  const saved = await readSavedShard(resume, shard, parseCompareState);
  await withPipeline(line, output, async (pipeline) => {
    const { rows, steps, guidanceScale, scheduler } = source;
    const pairs = source.pairs(pipeline.info.model.numClasses);
    const part = shard && { shard, plan: comparePlan(rows, pairs) };
    if (part && saved && resume !== undefined) checkSamePlan(saved.plan, part.plan, resume);
    const about = () => ({ command: printCommand('compare', args), ...machine() });

    const result = await comparePolicies(pipeline, {
      rows,
      pairs: shard ? shardOf(pairs, shard) : pairs,
      steps,
      guidanceScale,
      scheduler,
      state: saved?.state,
      onProgress: async ({ done, total, latest, state }) => {
        output.progress(`${done} of ${total}: ${latest.policy} ${(latest.ms / 1000).toFixed(2)} s`);
        if (resume !== undefined)
          await writeJson(resume, part ? comparisonFile(about(), state, undefined, part) : state);
      },
    });

    await writeComparison(comparisonFile(about(), result.state, result.rows, part), { json, markdown }, output);
  });
  return 0;
};
