import { WebDiTError } from '../errors.ts';
import type { Branch } from '../model.ts';
import { maxSteps } from '../samplers/timesteps.ts';
import {
  asObject,
  type FieldContext,
  type Json,
  numberField,
  refuseField,
  refuseUnknownKeys,
  stringField,
} from './fields.ts';

const format = 'webdit-calibration/1';

/** Most steps back that a calibration measures the change of branch outputs over. */
export const maxLag = 3;

/** How far each branch's outputs move, by lag: entry `[k - 1][n]` from step n to step n + k, k from 1 to `maxLag`. */
export interface BranchChanges {
  readonly attn: readonly (readonly number[])[];
  /** Of a model with cross-attention. */
  readonly cross?: readonly (readonly number[])[];
  readonly mlp: readonly (readonly number[])[];
}

/**
 * How much a model's inner values change from step to step in uncached runs of one number of steps and one sampler; every value is
 * the mean over some runs. Model folders keep them in `calibration/`. A relative L1 change is mean |later - earlier| over
 * mean |earlier|.
 */
export interface Calibration {
  readonly format: typeof format;
  readonly steps: number;
  /** A sampler's name, such as `ddim-respaced`. */
  readonly sampler: string;
  /** Relative L1 changes of attention, cross-attention and MLP outputs before their gate, mean over the layers. `[maxLag][steps - k]`. */
  readonly branchChange: BranchChanges;
  /** What all blocks add to the token state: its norm at step n + 1 over that at step n, mean over the tokens. `[steps - 1]`. */
  readonly residualRatio: readonly number[];
  /** Relative L1 change of what enters block 0's attention, after its norm and modulation, from step n to n + 1. `[steps - 1]`. */
  readonly inputChange: readonly number[];
  /** The same of the model's prediction. `[steps - 1]`. */
  readonly outputChange: readonly number[];
  /** How it was measured: seeds, labels, guidance. Nothing reads it. */
  readonly found?: Json;
}

const keys = ['format', 'steps', 'sampler', 'branchChange', 'residualRatio', 'inputChange', 'outputChange', 'found'];

/**
 * Reads a calibration.
 *
 * @param path names the file in errors.
 * @throws WebDiTError `format`, naming the field: unknown keys are refused, never ignored.
 */
export function parseCalibration(json: unknown, path: string): Calibration {
  const context = { what: `The calibration ${path}`, code: 'format' } as const;
  const object = asObject(json, context);
  if (object.format !== format) refuseField('format', object.format, `"${format}"`, context);
  refuseUnknownKeys(object, keys, context);
  const steps = numberField(
    object,
    'steps',
    `a whole number from 2 to ${maxSteps}`,
    (v) => Number.isInteger(v) && v >= 2 && v <= maxSteps,
    context,
  );
  return {
    format,
    steps,
    sampler: stringField(object, 'sampler', context),
    branchChange: branchChanges(object.branchChange, steps, { ...context, what: `${context.what}: branchChange` }),
    residualRatio: measured(object, 'residualRatio', steps - 1, context),
    inputChange: measured(object, 'inputChange', steps - 1, context),
    outputChange: measured(object, 'outputChange', steps - 1, context),
    ...(object.found === undefined
      ? {}
      : { found: asObject(object.found, { ...context, what: `${context.what}: found` }) }),
  };
}

function branchChanges(json: unknown, steps: number, context: FieldContext): BranchChanges {
  const object = asObject(json, context);
  refuseUnknownKeys(object, ['attn', 'cross', 'mlp'], context);
  const lags = (key: Branch) => {
    const lists: unknown = object[key];
    if (!Array.isArray(lists) || lists.length !== maxLag) {
      return refuseField(key, lists, `a list of changes for each lag from 1 to ${maxLag}`, context);
    }
    return lists.map((_, i) => measured(lists as unknown as Json, String(i), Math.max(0, steps - 1 - i), context));
  };
  return {
    attn: lags('attn'),
    ...(object.cross === undefined ? {} : { cross: lags('cross') }),
    mlp: lags('mlp'),
  };
}

function measured(json: Json, key: string, length: number, context: FieldContext): number[] {
  const list: unknown = json[key];
  const valid = (value: unknown) => typeof value === 'number' && Number.isFinite(value) && value >= 0;
  if (Array.isArray(list) && list.length === length && list.every(valid)) return [...list];
  return refuseField(key, list, `${length} numbers of at least 0`, context);
}

/** What a calibration says of a run that begins at step `first`: its steps are still those that were measured. */
export function calibrationFrom(calibration: Calibration, first: number): Calibration {
  if (first === 0) return calibration;
  const { branchChange, residualRatio, inputChange, outputChange } = calibration;
  const rest = (list: readonly number[]) => list.slice(first);
  const { attn, cross, mlp } = branchChange;
  return {
    ...calibration,
    steps: calibration.steps - first,
    branchChange: { attn: attn.map(rest), ...(cross ? { cross: cross.map(rest) } : {}), mlp: mlp.map(rest) },
    residualRatio: rest(residualRatio),
    inputChange: rest(inputChange),
    outputChange: rest(outputChange),
  };
}

/** @throws WebDiTError `schedule-mismatch` when there is no calibration for the run. */
export function needCalibration(
  policy: string,
  run: { readonly steps: number; readonly sampler: string; readonly calibration: Calibration | null },
): Calibration {
  return run.calibration ?? refuseCalibration(policy, run);
}

/** What a policy says that finds no calibration for the run, or not all of one. */
export function refuseCalibration(policy: string, run: { readonly steps: number; readonly sampler: string }): never {
  throw new WebDiTError(
    'schedule-mismatch',
    `The cache policy "${policy}" needs a calibration for ${run.steps} steps of ${run.sampler}, and the model has none.`,
    'Make one with "webdit calibrate" and name it in model_index.json, or use another number of steps or policy.',
  );
}
