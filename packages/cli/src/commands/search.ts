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
import { makePairs, searchSchedules } from 'webdit/node';
import {
  badUsage,
  type CommandLine,
  integerOption,
  numberOption,
  readCommandLine,
  requireOption,
} from '../arguments.ts';
import type { Command } from '../command.ts';
import { checkWritable, readSaved, writeJson } from '../files.ts';
import { pairOptions, readPairs } from '../lab-options.ts';
import { pipelineOptions, withPipeline } from '../pipeline.ts';

const options = [
  ...pipelineOptions,
  ...pairOptions,
  'steps',
  'budget',
  'reuse',
  'guidance',
  'mode',
  'cap',
  'sample-seed',
  'resume',
  'out',
];

/** Pairs of a search are not those that `compare` takes, so that schedules are judged on pictures they were not found on. */
const pairDefaults = { count: 2, firstSeed: 1000 };

/** Lists the patterns of a space, or finds the best one of a model and writes its schedule. */
export const search: Command = async (args, output) => {
  const line = readCommandLine(args, options, 0, ['enumerate']);
  const space = readSpace(line);
  if (line.flags.has('enumerate')) {
    for (const pattern of enumeratePatterns(space)) output.line(pattern);
    return 0;
  }
  const out = requireOption(line, 'out');
  await checkWritable(out);
  const pairs = readPairs(line, pairDefaults);
  const settings = {
    mode: modeOption(line),
    guidanceScale: numberOption(line, 'guidance'),
    cap: integerOption(line, 'cap', 1, 1_000_000),
    sampleSeed: integerOption(line, 'sample-seed', 0, 0xffffffff),
  };
  const { resume } = line.values;
  const state = await readSaved(resume, parseSearchState);
  await withPipeline(line, output, async (pipeline) => {
    const { schedule, ranked } = await searchSchedules(pipeline, {
      ...space,
      ...settings,
      pairs: makePairs(pairs.count, { numClasses: pipeline.info.model.numClasses, ...pairs }),
      state,
      onProgress: async ({ done, total, latest, state }) => {
        const segments = printSegments(segmentLengths(latest.pattern));
        output.line(`${done} of ${total}: ${segments} ${latest.score.toFixed(5)}`);
        if (resume !== undefined) await writeJson(resume, state);
      },
    });
    await writeJson(out, scheduleToJson(schedule));
    const [best] = ranked;
    output.line(`best ${best?.pattern} of ${ranked.length}, error ${best?.score.toFixed(5)}`);
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
