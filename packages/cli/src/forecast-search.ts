import {
  forecastDefaults,
  isPattern,
  maxSteps,
  parseSearchState,
  printRuns,
  scheduleToJson,
  splitSegments,
} from '@webdit/core';
import { makePairs, searchForecasts } from 'webdit/node';
import {
  badUsage,
  type CommandLine,
  integerOption,
  listOption,
  numberOption,
  requireOption,
  samplerOption,
} from './arguments.ts';
import type { Output } from './command.ts';
import { checkWritable, readSaved, writeJson } from './files.ts';
import { type PairRequest, readPairs } from './lab-options.ts';
import { withPipeline } from './pipeline.ts';

/** What only a search for `procache+` takes. */
export const forecastOptions = ['evaluations', 'start', 'order', 'correction'];

/** What only the search for `procache` takes: its space is enumerated or sampled, and can be shared out. */
const ofOtherSearch = ['reuse', 'mode', 'cap', 'shard'];

/** `webdit search --policy procache+`: moves full steps about as long as it pays, and writes the schedule. */
export async function findForecasts(
  line: CommandLine,
  pairDefaults: Pick<PairRequest, 'count' | 'firstSeed'>,
  output: Output,
): Promise<number> {
  const other = ofOtherSearch.find((name) => line.values[name] !== undefined);
  if (other !== undefined) throw badUsage(`--${other} is of procache.`, `Leave out --${other}, or --policy procache+.`);
  for (const name of ['steps', 'budget']) requireOption(line, name);
  const steps = integerOption(line, 'steps', 1, maxSteps) as number;
  const budget = integerOption(line, 'budget', 1, steps) as number;
  const start = readStart(line, steps, budget);
  const out = requireOption(line, 'out');
  await checkWritable(out);
  const { resume } = line.values;
  const state = await readSaved(resume, parseSearchState);
  const request = readPairs(line, pairDefaults);
  const settings = {
    steps,
    budget,
    start,
    order: integerOption(line, 'order', 0, 4) ?? forecastDefaults.order,
    correction: numberOption(line, 'correction') ?? forecastDefaults.correction,
    evaluations: integerOption(line, 'evaluations', 1, 1_000_000) ?? 32,
    moveSeed: integerOption(line, 'sample-seed', 0, 0xffffffff) ?? 0,
    guidanceScale: numberOption(line, 'guidance'),
    scheduler: samplerOption(line),
  };
  await withPipeline(line, output, async (pipeline) => {
    const { schedule, ranked } = await searchForecasts(pipeline, {
      ...settings,
      pairs: makePairs(request.count, { numClasses: pipeline.info.model.numClasses, ...request }),
      state,
      onProgress: async ({ done, total, latest, state }) => {
        output.line(`${done} of ${total}: ${printRuns(splitSegments(latest.pattern))} ${latest.score.toFixed(5)}`);
        if (resume !== undefined) await writeJson(resume, state);
      },
    });
    await writeJson(out, scheduleToJson(schedule));
    const [best] = ranked;
    output.line(`best ${best?.pattern} of ${ranked.length}, error ${best?.score.toFixed(5)}`);
    output.line(`wrote ${out}`);
  });
  return 0;
}

function readStart(line: CommandLine, steps: number, budget: number): string[] | undefined {
  const patterns = listOption(line, 'start');
  const bad = patterns?.find(
    (text) => !isPattern(text) || text.length !== steps || text.replaceAll('0', '') !== '1'.repeat(budget),
  );
  if (bad === undefined) return patterns;
  throw badUsage(`--start has "${bad}".`, `Pass patterns of ${steps} digits, ${budget} of them 1 and the others 0.`);
}
