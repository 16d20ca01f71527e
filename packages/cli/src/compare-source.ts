import { type CacheSpec, maxSteps } from '@webdit/core';
import { type CompareRow, type LabPair, makePairs } from 'webdit/node';
import { badUsage, type CommandLine, integerOption, listOption, numberOption, samplerOption } from './arguments.ts';
import { readCache } from './cache-option.ts';
import { readFewerSteps, readPairs } from './lab-options.ts';

/** What a comparison draws, on what. */
export interface CompareSource {
  readonly rows: readonly CompareRow[];
  /** How many pairs there are, before the model says how many classes it has. */
  readonly count: number;
  readonly pairs: (numClasses: number) => readonly LabPair[];
  readonly steps: number | undefined;
  readonly guidanceScale: number | undefined;
  readonly scheduler: string | undefined;
}

/** Rows and pairs as the options list them. */
export async function readListed(line: CommandLine): Promise<CompareSource> {
  const steps = integerOption(line, 'steps', 1, maxSteps);
  const rows = await readRows(line, steps);
  const request = readPairs(line, { count: 2, firstSeed: 0 });
  return {
    rows,
    count: request.count,
    pairs: (numClasses) => makePairs(request.count, { numClasses, ...request }),
    steps,
    guidanceScale: numberOption(line, 'guidance'),
    scheduler: samplerOption(line),
  };
}

async function readRows(line: CommandLine, steps: number | undefined): Promise<CompareRow[]> {
  const policies = listOption(line, 'policies');
  if (policies === undefined) {
    throw badUsage('Nothing says what to compare.', 'Add --policies, such as none,fora:3,procache, or --study FILE.');
  }
  const caches: CacheSpec[] = [];
  for (const text of policies) caches.push(await readCache(text, steps));
  return [...caches, ...readFewerSteps(line)];
}
