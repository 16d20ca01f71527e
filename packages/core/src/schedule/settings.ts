import type { SelectionSpec } from '../plan.ts';
import {
  asObject,
  choiceField,
  type FieldContext,
  type Json,
  numberField,
  refuseField,
  refuseUnknownKeys,
} from './fields.ts';
import { isPattern } from './pattern.ts';

export const proCacheModes = ['paper', 'released'] as const;

/** `released`: what the authors' code does. `paper`: what the paper says. They differ in how tokens are chosen. */
export type ProCacheMode = (typeof proCacheModes)[number];

export const ratioSchedules = ['constant', 'toca-ddim50', 'toca-ddpm250', 'toca-pixart'] as const;

/** How the share of recomputed tokens depends on step and layer. docs/procache.md 3. */
export type RatioSchedule = (typeof ratioSchedules)[number];

export const scoreKinds = [
  'attention',
  'value-norm',
  'value-norm-negative',
  'cross-entropy',
] as const satisfies SelectionSpec['score'][];

/** The settings of a schedule, as users write them. What is missing comes from the mode. */
export interface ScheduleSettings {
  readonly mode?: ProCacheMode;
  /** A digit per step: 1 full, 0 reuse, 2 selective. */
  readonly pattern?: string;
  /** The first layer that selective steps recompute, 0 to depth. */
  readonly deepLayerStart?: number;
  /** Base share of tokens that selective steps recompute, 0 to 1. */
  readonly tokenRatio?: number;
  readonly ratioSchedule?: RatioSchedule;
  readonly score?: SelectionSpec['score'];
  readonly staleness?: SelectionSpec['staleness'];
  readonly bonus?: SelectionSpec['bonus'];
  readonly shareCfg?: boolean;
  /** Highest degree of the polynomials that forecast, 0 to 4. */
  readonly order?: number;
  /** Share of the forecasts' error, as the next full step finds it, that is taken back, 0 to 1. */
  readonly correction?: number;
}

type Reader<T> = (json: Json, key: string, context: FieldContext) => T;

const readers: { readonly [K in keyof ScheduleSettings]-?: Reader<Required<ScheduleSettings>[K]> } = {
  mode: (json, key, context) => choiceField(json, key, proCacheModes, context),
  pattern: (json, key, context) => {
    const value = json[key];
    if (typeof value === 'string' && isPattern(value)) return value;
    return refuseField(key, value, 'a digit per step, the first a 1: 1 full, 0 reuse, 2 selective', context);
  },
  deepLayerStart: (json, key, context) =>
    numberField(json, key, 'a layer number, counted from 0', (v) => Number.isInteger(v) && v >= 0, context),
  tokenRatio: (json, key, context) => numberField(json, key, 'a number from 0 to 1', (v) => v >= 0 && v <= 1, context),
  ratioSchedule: (json, key, context) => choiceField(json, key, ratioSchedules, context),
  score: (json, key, context) => choiceField(json, key, scoreKinds, context),
  staleness: (json, key, context) =>
    readOrNull(json, key, ['weight', 'period'], context, (inner, within) => ({
      weight: numberField(inner, 'weight', 'a number from 0', (v) => v >= 0 && Number.isFinite(v), within),
      period: numberField(inner, 'period', 'a number above 0', (v) => v > 0 && Number.isFinite(v), within),
    })),
  bonus: (json, key, context) =>
    readOrNull(json, key, ['window', 'ratio'], context, (inner, within) => ({
      window: numberField(inner, 'window', 'a whole number from 2', (v) => Number.isInteger(v) && v >= 2, within),
      ratio: numberField(inner, 'ratio', 'a number from 0', (v) => v >= 0 && Number.isFinite(v), within),
    })),
  shareCfg: (json, key, context) => choiceField(json, key, [true, false], context),
  order: (json, key, context) =>
    numberField(json, key, 'a whole number from 0 to 4', (v) => Number.isInteger(v) && v >= 0 && v <= 4, context),
  correction: (json, key, context) => numberField(json, key, 'a number from 0 to 1', (v) => v >= 0 && v <= 1, context),
};

/** Every key of `ScheduleSettings`. */
export const settingKeys = Object.keys(readers) as (keyof ScheduleSettings)[];

/**
 * Reads the settings among the fields of an object; other keys are left to the caller.
 *
 * @throws WebDiTError with the context's code, naming the field.
 */
export function readSettings(json: Json, context: FieldContext): ScheduleSettings {
  const present = settingKeys.filter((key) => json[key] !== undefined);
  return Object.fromEntries(present.map((key) => [key, (readers[key] as Reader<unknown>)(json, key, context)]));
}

function readOrNull<T>(
  json: Json,
  key: string,
  known: readonly string[],
  context: FieldContext,
  read: (inner: Json, context: FieldContext) => T,
): T | null {
  if (json[key] === null) return null;
  const within = { ...context, what: `${context.what}: ${key}` };
  const inner = asObject(json[key], within);
  refuseUnknownKeys(inner, known, within);
  return read(inner, within);
}
