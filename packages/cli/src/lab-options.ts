import { checkSamplerName, maxSteps } from '@webdit/core';
import type { FewerSteps } from 'webdit/node';
import { badUsage, type CommandLine, integerOption, listOption } from './arguments.ts';

/** The options behind `readPairs`. */
export const pairOptions = ['pairs', 'seed', 'labels'];

/** What `makePairs` makes seeds and labels from, but for the model. */
export interface PairRequest {
  readonly count: number;
  readonly firstSeed: number;
  readonly labels?: readonly string[];
}

/** @throws WebDiTError `bad-argument`. */
export function readPairs(line: CommandLine, defaults: { count: number; firstSeed: number }): PairRequest {
  const labels = listOption(line, 'labels');
  return {
    count: integerOption(line, 'pairs', 1, 10_000) ?? defaults.count,
    firstSeed: integerOption(line, 'seed', 0, Number.MAX_SAFE_INTEGER) ?? defaults.firstSeed,
    ...(labels ? { labels } : {}),
  };
}

/** `--fewer-steps 25,dpmpp@16` as rows of a comparison. @throws WebDiTError `bad-argument`. */
export function readFewerSteps(line: CommandLine): FewerSteps[] {
  return (listOption(line, 'fewer-steps') ?? []).map((text) => {
    const [, scheduler, digits] = /^(?:(.+)@)?(\d+)$/.exec(text) ?? [];
    const fewerSteps = Number(digits ?? 0);
    if (fewerSteps < 1 || fewerSteps > maxSteps) {
      throw badUsage(
        `--fewer-steps names "${text}".`,
        `Pass whole numbers from 1 to ${maxSteps}, each by itself or after a sampler, such as 25,dpmpp@16.`,
      );
    }
    return scheduler === undefined ? { fewerSteps } : { fewerSteps, scheduler: checkSamplerName(scheduler) };
  });
}
