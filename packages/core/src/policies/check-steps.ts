import { WebDiTError } from '../errors.ts';
import type { SelectionSpec, StackRange, StepCompute, StepKind } from '../plan.ts';
import { asObject, choiceField, type FieldContext, type Json, refuseField } from '../schedule/fields.ts';
import { choosingLayers, featuresRead, outputsRead, predictionsRead, recomputes } from './live-caches.ts';
import type { RunSpec } from './policy.ts';

const kinds: readonly StepKind[] = ['full', 'reuse', 'selective', 'forecast', 'skip'];

/** Most full steps that a forecast looks back on: order 4. A full step's own prediction comes on top. */
export const mostFeatures = 5;

export type Extent = Pick<RunSpec, 'steps' | 'depth' | 'branches' | 'tokens' | 'grid'>;

/** What the steps so far have kept for those that follow. */
interface Kept {
  /** The full step whose cache and scores are read. */
  readonly full: StepCompute | null;
  /** Full steps in a row that stored their branch outputs. */
  readonly features: number;
  /** Full steps so far. */
  readonly predictions: number;
  readonly stack: StackRange | null;
}

/**
 * The steps of a plan as plain data: known fields only.
 *
 * @throws WebDiTError `bad-argument` for a malformed step; `schedule-mismatch` for steps that do not fit the run, or read what
 *   nothing has kept.
 */
export function checkSteps(
  plan: Json,
  selection: SelectionSpec | null,
  run: Extent,
  context: FieldContext,
): StepCompute[] {
  const { what } = context;
  if (!Array.isArray(plan.steps)) return refuseField('steps', plan.steps, 'a list with an entry per step', context);
  if (plan.steps.length !== run.steps) {
    throw new WebDiTError(
      'schedule-mismatch',
      `${what} plans ${plan.steps.length} steps for a run of ${run.steps}.`,
      'Use a schedule made for this number of steps.',
    );
  }
  let kept: Kept = { full: null, features: 0, predictions: 0, stack: null };
  const steps = plan.steps.map((given: unknown, n) => {
    const at = { ...context, what: `${what}: step ${n}` };
    const step = checkStep(given, run, at);
    checkReads(step, kept, { ...at, what, n });
    if (step.stack?.keep === 'residual' && (step.kind === 'selective' || step.kind === 'reuse')) {
      refuseField('stack', step.stack, 'the state; a residual only in full and skip steps', at);
    }
    if (step.kind === 'selective') checkSelective(step, kept.full, selection, run, at);
    else if (recomputes(step)) refuseSelective(at.what, 'is a reuse step, but recomputes tokens');
    kept = keptAfter(step, kept);
    return step;
  });
  // A policy may say of every full step that it stores; the cache costs memory and time only where it is read.
  const read = outputsRead(steps);
  return steps.map(({ storesCache, ...step }, n) => (storesCache && read[n] ? { ...step, storesCache } : step));
}

function keptAfter(step: StepCompute, kept: Kept): Kept {
  const stack = step.kind === 'skip' ? kept.stack : (step.stack ?? kept.stack);
  if (step.kind !== 'full') return { ...kept, stack };
  // a probe may skip the step and leave no prediction of its own
  const predictions = kept.predictions + (step.probe ? 0 : 1);
  if (!step.storesCache) return { full: null, features: 0, predictions, stack };
  return { full: step, features: Math.min(mostFeatures, kept.features + 1), predictions, stack };
}

/** A well-formed step by itself. */
function checkStep(given: unknown, run: Extent, context: FieldContext): StepCompute {
  const step = asObject(given, context);
  const kind = choiceField(step, 'kind', kinds, context);
  switch (kind) {
    case 'full':
      return {
        kind,
        ...storing(step, run, context),
        ...predictionsOf(step, context),
        ...stackOf(step, run, context),
        ...probeOf(step, context),
      };
    case 'reuse':
      return { kind, ...tokensOf(step, run, context), ...stackOf(step, run, context) };
    case 'selective':
      return {
        kind,
        ...tokensOf(step, run, context),
        ...layersOf(step, 'attnLayers', run, context),
        ...stackOf(step, run, context),
      };
    case 'forecast':
      if (step.predictions !== undefined && step.forecast === undefined)
        return { kind, ...predictionsOf(step, context) };
      return { kind, forecast: forecastOf(step, run, context) };
    case 'skip': {
      const stack = stackOf(step, run, context);
      if (!stack.stack) return refuseField('stack', step.stack, 'the blocks that are skipped', context);
      return { kind, ...stack };
    }
  }
}

function storing(step: Json, run: Extent, context: FieldContext): Pick<StepCompute, 'storesCache' | 'scoreLayers'> {
  return {
    ...(step.storesCache === undefined
      ? {}
      : { storesCache: choiceField(step, 'storesCache', [true, false] as const, context) }),
    ...layersOf(step, 'scoreLayers', run, context),
  };
}

function layersOf(
  step: Json,
  key: 'scoreLayers' | 'attnLayers',
  { depth }: Extent,
  context: FieldContext,
): { readonly scoreLayers?: readonly number[]; readonly attnLayers?: readonly number[] } {
  if (step[key] === undefined) return {};
  return { [key]: numbers(step, key, `layers from 0 to ${depth - 1}`, wholeNumber(0, depth - 1), context) };
}

function tokensOf(step: Json, run: Extent, context: FieldContext): Pick<StepCompute, 'mlpTokens' | 'crossTokens'> {
  if (step.crossTokens !== undefined && !run.branches.includes('cross')) {
    return refuseField('crossTokens', step.crossTokens, 'no such list in a model without cross-attention', context);
  }
  return { ...countsOf(step, 'mlpTokens', run, context), ...countsOf(step, 'crossTokens', run, context) };
}

function countsOf(
  step: Json,
  key: 'mlpTokens' | 'crossTokens',
  { depth, tokens }: Extent,
  context: FieldContext,
): { readonly mlpTokens?: readonly number[]; readonly crossTokens?: readonly number[] } {
  if (step[key] === undefined) return {};
  const counts = numbers(step, key, `numbers of tokens from 0 to ${tokens}`, wholeNumber(0, tokens), context);
  // none at all means none in any layer
  if (counts.length !== 0 && counts.length !== depth) {
    return refuseField(key, counts, `a number for each of the ${depth} layers`, context);
  }
  return { [key]: counts };
}

function forecastOf(step: Json, { branches, depth }: Extent, context: FieldContext): readonly (readonly number[])[] {
  const lists: unknown = step.forecast;
  const all = branches.length * depth;
  if (!Array.isArray(lists) || (lists.length !== 1 && lists.length !== all)) {
    return refuseField('forecast', lists, `a list of weights, or one for each of the ${all} branches`, context);
  }
  return lists.map((weights: unknown) => weightsOf(weights, 'forecast', mostFeatures, context));
}

function predictionsOf({ predictions }: Json, context: FieldContext): Pick<StepCompute, 'predictions'> {
  if (predictions === undefined) return {};
  return { predictions: weightsOf(predictions, 'predictions', mostFeatures + 1, context) };
}

function weightsOf(weights: unknown, key: string, most: number, context: FieldContext): readonly number[] {
  if (Array.isArray(weights) && weights.length >= 1 && weights.length <= most) {
    if (weights.every(Number.isFinite)) return [...weights];
  }
  return refuseField(key, weights, `1 to ${most} finite weights`, context);
}

function stackOf(step: Json, { depth }: Extent, context: FieldContext): { readonly stack?: StackRange } {
  if (step.stack === undefined) return {};
  const within = { ...context, what: `${context.what}: stack` };
  const range = asObject(step.stack, within);
  const keep = choiceField(range, 'keep', ['residual', 'state'] as const, within);
  const { first, last } = range;
  const block = wholeNumber(0, depth);
  if (typeof first !== 'number' || typeof last !== 'number' || !block(first) || !block(last) || first >= last) {
    return refuseField('first and last', [first, last], `blocks from 0 to ${depth}, the first below the last`, within);
  }
  if (keep === 'state' && (first > 0 || last < depth)) {
    return refuseField('first and last', [first, last], `the whole stack, 0 and ${depth}, to keep a state`, within);
  }
  return { stack: { first, last, keep } };
}

function probeOf(step: Json, context: FieldContext): Pick<StepCompute, 'probe'> {
  if (step.probe === undefined) return {};
  const within = { ...context, what: `${context.what}: probe` };
  const probe = asObject(step.probe, within);
  const at = choiceField(probe, 'at', ['input', 'blocks'] as const, within);
  const { first, keep } = (step.stack ?? {}) as Partial<StackRange>;
  if (keep !== 'residual' || (at === 'input') !== (first === 0)) {
    return refuseField(
      'at',
      at,
      'input with a residual of the stack from block 0, blocks with one from a later block',
      within,
    );
  }
  if (step.storesCache || step.scoreLayers !== undefined || step.predictions !== undefined) {
    return refuseField(
      'at',
      at,
      'nothing: a step that a probe may skip stores no outputs and no scores, and sums no predictions',
      within,
    );
  }
  return {
    probe: {
      at,
      against: choiceField(probe, 'against', ['previous', 'computed'] as const, within),
      asks: choiceField(probe, 'asks', [true, false] as const, within),
    },
  };
}

/** A step reads only what earlier ones have kept. */
function checkReads(step: StepCompute, kept: Kept, { what, n }: FieldContext & { readonly n: number }): void {
  const cached = step.kind === 'reuse' || step.kind === 'selective';
  if (cached && !kept.full) {
    throw new WebDiTError(
      'schedule-mismatch',
      `${what} reads the cache at step ${n}, but the full step before it stored none.`,
      'Begin with a full step, and store the cache in every full step that others read.',
    );
  }
  const read = featuresRead(step);
  if (step.kind === 'forecast' && read > kept.features) {
    throw new WebDiTError(
      'schedule-mismatch',
      `${what} forecasts step ${n} from ${read} full steps, but ${kept.features} before it stored their outputs.`,
      'Forecast from as many weights as there are full steps in a row that store the cache.',
    );
  }
  const sums = predictionsRead(step);
  if (sums > kept.predictions) {
    throw new WebDiTError(
      'schedule-mismatch',
      `${what} takes step ${n} from the predictions of ${sums} full steps, but there are ${kept.predictions} before it.`,
      'Use as many weights as there are full steps.',
    );
  }
  const { stack } = step;
  if ((step.kind !== 'skip' && !step.probe?.asks) || !stack) return;
  const { first, last, keep } = kept.stack ?? { first: 0, last: 0, keep: 'none' };
  if (first !== stack.first || last !== stack.last || keep !== stack.keep) {
    throw new WebDiTError(
      'schedule-mismatch',
      `${what} skips blocks ${stack.first} to ${stack.last - 1} at step ${n}, but no step before it kept their ${stack.keep}.`,
      'Give the latest computed step the same stack.',
    );
  }
}

/** Selective steps recompute something, and choose only among tokens that the full step before them has scored. */
function checkSelective(
  step: StepCompute,
  full: StepCompute | null,
  selection: SelectionSpec | null,
  { tokens }: Extent,
  { what }: FieldContext,
): void {
  const chosen = choosingLayers(step, tokens);
  const unscored = chosen.find((layer) => !full?.scoreLayers?.includes(layer));
  if (!recomputes(step)) {
    refuseSelective(what, 'is selective, but recomputes no token');
  }
  if (chosen.length > 0 && selection === null)
    refuseSelective(what, 'recomputes tokens, but the plan has no selection');
  if (unscored !== undefined) {
    refuseSelective(what, `recomputes tokens of layer ${unscored}, which the full step before it did not score`);
  }
}

function refuseSelective(what: string, problem: string): never {
  throw new WebDiTError(
    'schedule-mismatch',
    `${what} ${problem}.`,
    'Give selective steps their mlpTokens or crossTokens, the full step before them those layers as scoreLayers, and the plan a selection.',
  );
}

function numbers(
  json: Json,
  key: string,
  expected: string,
  valid: (value: number) => boolean,
  context: FieldContext,
): number[] {
  const value = json[key];
  if (Array.isArray(value) && value.every((v) => typeof v === 'number' && valid(v))) return [...value];
  return refuseField(key, value, `a list of ${expected}`, context);
}

export function wholeNumber(low: number, high: number): (value: number) => boolean {
  return (value) => Number.isInteger(value) && value >= low && value <= high;
}
