import { maxSteps } from '@webdit/core';
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

/** `--fewer-steps 25,16` as rows of a comparison. @throws WebDiTError `bad-argument`. */
export function readFewerSteps(line: CommandLine): { readonly fewerSteps: number }[] {
  return (listOption(line, 'fewer-steps') ?? []).map((text) => {
    const fewerSteps = Number(text);
    if (Number.isInteger(fewerSteps) && fewerSteps >= 1 && fewerSteps <= maxSteps) return { fewerSteps };
    throw badUsage(`--fewer-steps names "${text}".`, `Pass whole numbers from 1 to ${maxSteps}, such as 25,16.`);
  });
}
