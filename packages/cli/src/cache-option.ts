import { type CacheSpec, parseSchedule, readCacheSpec } from '@webdit/core';
import { readJson } from './files.ts';

/**
 * A cache policy as it is typed: a name, a name with settings (`fora:3`), or the path of a schedule, which ends in `.json`.
 * @throws WebDiTError `unknown-policy`, `bad-argument`, `not-found`, `format`.
 */
export async function readCache(text: string): Promise<CacheSpec> {
  if (text.endsWith('.json')) {
    return parseSchedule(await readJson(text), text);
  }
  // only schedules are held against a run, so any run will do
  readCacheSpec(text, { steps: 1, sampler: '' });
  return text;
}
