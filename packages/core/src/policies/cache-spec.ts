import { WebDiTError } from '../errors.ts';
import { isSchedule, parseSchedule, type Schedule, scheduleSettings } from '../schedule/schedule.ts';
import { callPolicy } from './check-plan.ts';
import type { CachePolicy } from './policy.ts';
import { getPolicy, policyNames } from './registry.ts';

/**
 * How users choose a cache policy: its name, `procache`; name and settings in short, `fora:3`, `procache:B11`; the name a
 * report or plan printed, `procache_s4x6.3x4.2x7_D21_r0.07`; an object with settings, `{policy: 'procache', pattern: '...'}`;
 * or a schedule.
 */
export type CacheSpec = string | ({ readonly policy: string } & Readonly<Record<string, unknown>>) | Schedule;

/**
 * The policy and its settings.
 *
 * @param run what a schedule must have been made for.
 * @throws WebDiTError `unknown-policy`, `bad-argument`, `format` (a schedule), or `schedule-mismatch` when a schedule is for
 *   another number of steps or another sampler.
 */
export function readCacheSpec(
  cache: CacheSpec,
  run: { readonly steps: number; readonly sampler: string },
): { policy: CachePolicy; config: Readonly<Record<string, unknown>> } {
  if (typeof cache === 'string') return readText(cache);
  if (typeof cache !== 'object' || cache === null || typeof cache.policy !== 'string') {
    throw new WebDiTError(
      'bad-argument',
      'The cache setting has no policy name.',
      'Pass a policy name such as "none".',
    );
  }
  if (!isSchedule(cache)) {
    const { policy, ...config } = cache;
    return { policy: getPolicy(policy), config };
  }
  const schedule = parseSchedule(cache, 'of the cache setting');
  if (schedule.steps !== run.steps) {
    throw new WebDiTError(
      'schedule-mismatch',
      `The schedule is for ${schedule.steps} steps, but the run has ${run.steps}.`,
      `Run ${schedule.steps} steps, or use a schedule for ${run.steps}.`,
    );
  }
  if (schedule.sampler !== run.sampler) {
    throw new WebDiTError(
      'schedule-mismatch',
      `The schedule is for the sampler ${schedule.sampler}, but the run uses ${run.sampler}.`,
      `Search a schedule for ${run.sampler}, or pass the settings of this one as an object without format and sampler.`,
    );
  }
  return { policy: getPolicy(schedule.policy), config: { ...scheduleSettings(schedule) } };
}

/**
 * The policy that a cache setting names; a setting written as text is read whole.
 *
 * @throws WebDiTError `unknown-policy`, or `bad-argument` for text that the policy cannot read.
 */
export function policyOf(cache: CacheSpec): CachePolicy {
  return typeof cache === 'string' ? readText(cache).policy : getPolicy(cache.policy);
}

/** Whether a run with this cache setting may take one of the model folder's schedules: not one that has its own pattern. */
export function mayTakeSchedule(cache: CacheSpec): boolean {
  const { policy, config } =
    typeof cache === 'string' ? readText(cache) : { policy: getPolicy(cache.policy), config: cache };
  return policy.ignoresSchedules !== true && !('pattern' in config);
}

/** Whether a run with this cache setting needs one of the model folder's calibrations. */
export function takesCalibration(cache: CacheSpec): boolean {
  return policyOf(cache).usesCalibration === true;
}

function readText(text: string): { policy: CachePolicy; config: Readonly<Record<string, unknown>> } {
  const [, name, settings] = /^([^:_]*)[:_](.*)$/.exec(text) ?? [];
  if (name === undefined || settings === undefined || policyNames().includes(text)) {
    return { policy: getPolicy(text), config: {} };
  }
  const policy = getPolicy(name);
  if (policy.parse === undefined) {
    throw new WebDiTError(
      'bad-argument',
      `The cache policy "${name}" takes no settings, but "${text}" has some.`,
      `Write "${name}", or pass an object.`,
    );
  }
  return { policy, config: callPolicy(policy, () => policy.parse?.(settings) ?? {}) };
}
