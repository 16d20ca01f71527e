import {
  enumeratePatterns,
  maxSteps,
  type PatternSpace,
  type ProCacheMode,
  parseSearchState,
  printSegments,
  scheduleToJson,
  segmentLengths,
} from '@webdit/core';
import {
  checkSamePlan,
  checkShardCount,
  makePairs,
  type ScheduleSearchOptions,
  searchCandidates,
  searchSchedules,
  searchShard,
} from 'webdit/node';
import {
  badUsage,
  type CommandLine,
  integerOption,
  numberOption,
  readCommandLine,
  requireOption,
  samplerOption,
} from '../arguments.ts';
import type { Command } from '../command.ts';
import { checkWritable, writeJson } from '../files.ts';
import { findForecasts, forecastOptions } from '../forecast-search.ts';
import { pairOptions, readPairs } from '../lab-options.ts';
import { pipelineOptions, withPipeline } from '../pipeline.ts';
import { readSavedShard, shardOption } from '../shards.ts';

const options = [
  ...pipelineOptions,
  ...pairOptions,
  'steps',
  'budget',
  'reuse',
  'policy',
  ...forecastOptions,
  'guidance',
  'scheduler',
  'mode',
  'cap',
  'sample-seed',
  'shard',
  'resume',
  'out',
];

/** Pairs of a search are not those that `compare` takes, so that schedules are judged on pictures they were not found on. */
const pairDefaults = { count: 2, firstSeed: 1000 };

/** Lists the patterns of a space, or finds the best one of a model and writes its schedule. */
export const search: Command = async (args, output) => {
  const line = readCommandLine(args, options, 0, ['enumerate']);
  const { policy = 'procache' } = line.values;
  if (policy === 'procache+') return findForecasts(line, pairDefaults, output);
  if (policy !== 'procache') throw badUsage(`--policy is "${policy}".`, 'Pass procache or procache+.');
  const forecast = forecastOptions.find((name) => line.values[name] !== undefined);
  if (forecast !== undefined) throw badUsage(`--${forecast} is of procache+.`, 'Add --policy procache+.');
  const space = readSpace(line);
  if (line.flags.has('enumerate')) {
    for (const pattern of enumeratePatterns(space)) output.line(pattern);
    return 0;
  }
  const shard = shardOption(line, ['resume']);
  if (shard && line.values.out !== undefined) {
    throw badUsage(
      'A shard finds no schedule.',
      'Leave --out to the search that goes on from what webdit merge wrote.',
    );
  }
  const { resume } = line.values;
  const out = requireOption(line, shard ? 'resume' : 'out');
  await checkWritable(out);
  const request = readPairs(line, pairDefaults);
  const settings = {
    ...space,
    mode: modeOption(line),
    guidanceScale: numberOption(line, 'guidance'),
    scheduler: samplerOption(line),
    cap: integerOption(line, 'cap', 1, 1_000_000),
    sampleSeed: integerOption(line, 'sample-seed', 0, 0xffffffff),
  };
  const part = shard && { shard, plan: { candidates: searchCandidates(settings) } };
  if (part) checkShardCount(part.shard.count, part.plan.candidates.length);
  const saved = await readSavedShard(resume, shard, parseSearchState);
  if (part && saved && resume !== undefined) checkSamePlan(saved.plan, part.plan, resume);
  await withPipeline(line, output, async (pipeline) => {
    const options: ScheduleSearchOptions = {
      ...settings,
      pairs: makePairs(request.count, { numClasses: pipeline.info.model.numClasses, ...request }),
      state: saved?.state,
      onProgress: async ({ done, total, latest, state }) => {
        const segments = printSegments(segmentLengths(latest.pattern));
        output.line(`${done} of ${total}: ${segments} ${latest.score.toFixed(5)}`);
        if (resume !== undefined) await writeJson(resume, { ...state, ...part });
      },
    };
    if (part) {
      await searchShard(pipeline, options, part.shard);
    } else {
      const { schedule, ranked } = await searchSchedules(pipeline, options);
      await writeJson(out, scheduleToJson(schedule));
      const [best] = ranked;
      output.line(`best ${best?.pattern} of ${ranked.length}, error ${best?.score.toFixed(5)}`);
    }
    output.line(`wrote ${out}`);
  });
  return 0;
};

function readSpace(line: CommandLine): PatternSpace {
  for (const name of ['steps', 'budget', 'reuse']) requireOption(line, name);
  const [, reuseMin, reuseMax] = /^(\d+)(?:-(\d+))?$/.exec(line.values.reuse as string) ?? [];
  if (reuseMin === undefined) throw badUsage(`--reuse is "${line.values.reuse}".`, 'Pass a range such as 1-3.');
  return {
    steps: integerOption(line, 'steps', 1, maxSteps) as number,
    budget: integerOption(line, 'budget', 1, maxSteps) as number,
    reuseMin: Number(reuseMin),
    reuseMax: Number(reuseMax ?? reuseMin),
  };
}

function modeOption({ values }: CommandLine): ProCacheMode | undefined {
  const { mode } = values;
  if (mode === undefined || mode === 'released' || mode === 'paper') return mode;
  throw badUsage(`--mode is "${mode}".`, 'Pass released or paper.');
}
