import { maxSteps } from '../samplers/timesteps.ts';
import { asObject, type Json, numberField, refuseField, refuseUnknownKeys, stringField } from './fields.ts';
import { readSettings, type ScheduleSettings, settingKeys } from './settings.ts';

const format = 'webdit-schedule/1';

/** A schedule made for one number of steps and one sampler, as files carry it. Model folders keep them in `schedules/`. */
export interface Schedule extends ScheduleSettings {
  readonly format: typeof format;
  readonly policy: string;
  readonly steps: number;
  /** A sampler's name, such as `ddim-respaced`. */
  readonly sampler: string;
  /** A digit per step: 1 full, 0 reuse, 2 selective. */
  readonly pattern: string;
  /** How the schedule was found: seeds, labels, scores. Nothing reads it. */
  readonly found?: Json;
}

const headKeys = ['format', 'policy', 'steps', 'sampler', 'found'];

/** True for an object that says it is a schedule. */
export function isSchedule(value: object): value is Schedule {
  return 'format' in value && value.format === format;
}

/**
 * Reads a schedule. Whether it fits a model's depth and grid is checked when a run is planned.
 *
 * @param path names the file in errors.
 * @throws WebDiTError `format`, naming the field: unknown keys are refused, never ignored.
 */
export function parseSchedule(json: unknown, path: string): Schedule {
  const context = { what: `The schedule ${path}`, code: 'format' } as const;
  const object = asObject(json, context);
  if (object.format !== format) refuseField('format', object.format, `"${format}"`, context);
  refuseUnknownKeys(object, [...headKeys, ...settingKeys], context);
  const steps = numberField(
    object,
    'steps',
    `a whole number from 1 to ${maxSteps}`,
    (v) => Number.isInteger(v) && v >= 1 && v <= maxSteps,
    context,
  );
  const settings = readSettings(object, context);
  const { pattern } = settings;
  if (pattern?.length !== steps)
    refuseField('pattern', object.pattern, `one digit for each of the ${steps} steps`, context);
  return {
    format,
    policy: stringField(object, 'policy', context),
    steps,
    sampler: stringField(object, 'sampler', context),
    ...settings,
    pattern,
    ...(object.found === undefined
      ? {}
      : { found: asObject(object.found, { ...context, what: `${context.what}: found` }) }),
  };
}

/** The plain object that `parseSchedule` reads, keys in the documented order. */
export function scheduleToJson(schedule: Schedule): Json {
  const order = [
    'format',
    'policy',
    'mode',
    'steps',
    'sampler',
    ...settingKeys.filter((key) => key !== 'mode'),
    'found',
  ];
  const fields: Json = { ...schedule };
  return Object.fromEntries(order.filter((key) => fields[key] !== undefined).map((key) => [key, fields[key]]));
}

/** The settings of a schedule without what says when it applies. */
export function scheduleSettings(schedule: Schedule): ScheduleSettings {
  const fields: Json = { ...schedule };
  return Object.fromEntries(settingKeys.filter((key) => key in fields).map((key) => [key, fields[key]]));
}
