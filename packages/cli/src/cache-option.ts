import { type CacheSpec, checkPatternLength, parseSchedule, readCacheSpec } from '@webdit/core';
import { readJson } from './files.ts';

/**
 * A cache policy as it is typed: a name, a name with settings (`fora:3`), or the path of a schedule, which ends in `.json`.
 *
 * @param steps of the run, where they are known: a pattern of another length is then refused before a model is loaded.
 * @throws WebDiTError `unknown-policy`, `bad-argument`, `not-found`, `format`, `schedule-mismatch`.
 */
export async function readCache(text: string, steps?: number): Promise<CacheSpec> {
  const schedule = text.endsWith('.json') ? parseSchedule(await readJson(text), text) : null;
  // The sampler is the model's; until there is one, the schedule's own will do.
  const run = { steps: steps ?? schedule?.steps ?? 1, sampler: schedule?.sampler ?? '' };
  const { config } = readCacheSpec(schedule ?? text, run);
  if (steps !== undefined && typeof config.pattern === 'string') checkPatternLength(config.pattern, steps);
  return schedule ?? text;
}
