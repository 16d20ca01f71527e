import { WebDiTError } from '../errors.ts';
import { type DiTConfig, tokenCount } from '../model.ts';
import type { RunPlan, SelectionSpec, StepCompute, StepKind } from '../plan.ts';
import { type SamplerSpec, samplerName } from '../samplers/sampler.ts';
import {
  asObject,
  choiceField,
  type FieldContext,
  type Json,
  numberField,
  refuseField,
  stringField,
} from '../schedule/fields.ts';
import { readSettings } from '../schedule/settings.ts';
import type { CachePolicy, PolicyPlan, RunSpec } from './policy.ts';

/** Kinds that the executor and the FLOP meter know. */
const executable: readonly StepKind[] = ['full', 'reuse', 'selective'];

type Extent = Pick<RunSpec, 'steps' | 'depth' | 'tokens'>;

/**
 * Calls into a policy, perhaps a user's: what it throws comes out as one clear error.
 *
 * @throws WebDiTError as the policy threw it, else `bad-argument` with what it threw as the cause.
 */
export function callPolicy<T>(policy: CachePolicy, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof WebDiTError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new WebDiTError(
      'bad-argument',
      `The cache policy "${policy.name}" failed: ${reason.replace(/\.$/, '')}.`,
      'Correct the policy, or use another one.',
      { cause },
    );
  }
}

/**
 * A policy's plan as plain data: known fields only.
 *
 * @param what begins the sentences of errors: `The cache policy "mine"`.
 * @throws WebDiTError `bad-argument` for a malformed plan; `schedule-mismatch` for one that does not fit the run, or reads a
 *   cache that nothing has stored.
 */
export function checkPolicyPlan(what: string, planned: unknown, run: Extent): PolicyPlan {
  const context = { what, code: 'bad-argument' } as const;
  const plan = asObject(planned, { ...context, what: `The plan of ${lowerFirst(what)}` });
  const selection = checkSelection(plan, run.tokens, context);
  return {
    name: stringField(plan, 'name', context),
    derived: choiceField(plan, 'derived', [true, false], context),
    selection,
    steps: checkSteps(plan, selection, run, context),
  };
}

/**
 * A RunPlan that was compiled elsewhere, such as on the page of a worker.
 *
 * @throws WebDiTError like `checkPolicyPlan`, and `unknown-label`.
 */
export function checkRunPlan(
  planned: unknown,
  run: { readonly model: DiTConfig; readonly sampler: SamplerSpec; readonly steps: number },
): RunPlan {
  const { model, sampler, steps } = run;
  const context = { what: 'The run plan', code: 'bad-argument' } as const;
  const plan = asObject(planned, context);
  const checked = checkPolicyPlan(
    context.what,
    { ...plan, name: plan.policy },
    { steps, depth: model.depth, tokens: tokenCount(model) },
  );
  const guidance = asObject(plan.guidance, { ...context, what: 'guidance of the run plan' });
  return {
    format: choiceField(plan, 'format', ['webdit-plan/1'] as const, context),
    policy: checked.name,
    derived: checked.derived,
    sampler: choiceField(plan, 'sampler', [samplerName(sampler)], context),
    guidance: {
      scale: finite(guidance, 'scale', context),
      channels: numberField(
        guidance,
        'channels',
        `a whole number from 1 to ${model.inChannels}`,
        wholeNumber(1, model.inChannels),
        context,
      ),
    },
    labels: checkLabels(plan.labels, model.numClasses, context),
    selection: checked.selection,
    steps: checked.steps.map((compute, n) => {
      const at = { ...context, what: `${context.what}: step ${n}` };
      const step = asObject((plan.steps as unknown[])[n], at);
      return {
        ...compute,
        n: choiceField(step, 'n', [n], at),
        checkpoint: choiceField(step, 'checkpoint', [true, false], at),
        timestep: finite(step, 'timestep', at),
        sample: finite(step, 'sample', at),
        prediction: finite(step, 'prediction', at),
        flops: finite(step, 'flops', at),
      };
    }),
  };
}

function checkSelection(plan: Json, tokens: number, context: FieldContext): SelectionSpec | null {
  if (plan.selection === null) return null;
  const within = { ...context, what: `${context.what}: selection` };
  const selection = asObject(plan.selection, within);
  const { score, staleness, bonus, shareCfg } = readSettings(selection, within);
  if (score === undefined) return refuseField('score', undefined, 'a kind of token score', within);
  if (staleness === undefined) return refuseField('staleness', undefined, 'its weight and period, or null', within);
  if (bonus === undefined) return refuseField('bonus', undefined, 'its window and ratio, or null', within);
  if (shareCfg === undefined) return refuseField('shareCfg', undefined, 'true or false', within);
  if (bonus !== null && Math.sqrt(tokens) % bonus.window !== 0) {
    return refuseField('bonus.window', bonus.window, `a divisor of ${Math.sqrt(tokens)}, the tokens per side`, within);
  }
  return { score, staleness, bonus, shareCfg };
}

function checkSteps(plan: Json, selection: SelectionSpec | null, run: Extent, context: FieldContext): StepCompute[] {
  const { what } = context;
  if (!Array.isArray(plan.steps)) return refuseField('steps', plan.steps, 'a list with an entry per step', context);
  if (plan.steps.length !== run.steps) {
    throw new WebDiTError(
      'schedule-mismatch',
      `${what} plans ${plan.steps.length} steps for a run of ${run.steps}.`,
      'Use a schedule made for this number of steps.',
    );
  }
  /** The full step whose cache and scores the steps that follow read. */
  let stored: StepCompute | null = null;
  return plan.steps.map((given: unknown, n) => {
    const at = { ...context, what: `${what}: step ${n}` };
    const step = checkStep(given, run, at);
    if (step.kind === 'full') {
      stored = step.storesCache ? step : null;
      return step;
    }
    if (!stored) {
      throw new WebDiTError(
        'schedule-mismatch',
        `${what} reads the cache at step ${n}, but the full step before it stored none.`,
        'Begin with a full step, and store the cache in every full step that others read.',
      );
    }
    checkSelective(step, stored, selection, at);
    return step;
  });
}

function checkStep(given: unknown, { depth, tokens }: Extent, context: FieldContext): StepCompute {
  const step = asObject(given, context);
  const kind = choiceField(step, 'kind', executable, context);
  const { storesCache, scoreLayers, mlpTokens } = step;
  if (kind === 'full') {
    return {
      kind,
      ...(storesCache === undefined
        ? {}
        : { storesCache: choiceField(step, 'storesCache', [true, false] as const, context) }),
      ...(scoreLayers === undefined
        ? {}
        : { scoreLayers: numbers(step, 'scoreLayers', `layers from 0 to ${depth - 1}`, 0, depth - 1, context) }),
    };
  }
  if (mlpTokens === undefined) return { kind };
  const counts = numbers(step, 'mlpTokens', `numbers of tokens from 0 to ${tokens}`, 0, tokens, context);
  // none at all means none in any layer
  if (counts.length !== 0 && counts.length !== depth) {
    return refuseField('mlpTokens', counts, `a number for each of the ${depth} layers`, context);
  }
  return { kind, mlpTokens: counts };
}

/** Only selective steps recompute tokens, and only those that the full step before them has scored. */
function checkSelective(
  step: StepCompute,
  full: StepCompute,
  selection: SelectionSpec | null,
  { what }: FieldContext,
): void {
  const layers = (step.mlpTokens ?? []).flatMap((k, layer) => (k > 0 ? [layer] : []));
  const problem =
    step.kind === 'selective' && layers.length === 0
      ? 'is selective, but recomputes no token'
      : step.kind === 'reuse' && layers.length > 0
        ? 'is a reuse step, but recomputes tokens'
        : layers.length > 0 && selection === null
          ? 'recomputes tokens, but the plan has no selection'
          : undefined;
  const unscored = layers.find((layer) => !full.scoreLayers?.includes(layer));
  if (problem === undefined && unscored === undefined) return;
  throw new WebDiTError(
    'schedule-mismatch',
    `${what} ${problem ?? `recomputes tokens of layer ${unscored}, which the full step before it did not score`}.`,
    'Give selective steps their mlpTokens, the full step before them those layers as scoreLayers, and the plan a selection.',
  );
}

function checkLabels(labels: unknown, numClasses: number, context: FieldContext): number[] {
  if (!Array.isArray(labels) || labels.length < 1 || labels.length > 2) {
    return refuseField('labels', labels, 'one class id, or two with guidance', context);
  }
  return labels.map((label: unknown) => {
    if (typeof label === 'number' && wholeNumber(0, numClasses)(label)) return label;
    throw new WebDiTError(
      'unknown-label',
      `${context.what} has the class id ${String(label)}, which the model does not have.`,
      `Use class ids from 0 to ${numClasses}; the last is the null class.`,
    );
  });
}

function numbers(
  json: Json,
  key: string,
  expected: string,
  low: number,
  high: number,
  context: FieldContext,
): number[] {
  const value = json[key];
  const valid = wholeNumber(low, high);
  if (Array.isArray(value) && value.every((v) => typeof v === 'number' && valid(v))) return [...value];
  return refuseField(key, value, `a list of ${expected}`, context);
}

function finite(json: Json, key: string, context: FieldContext): number {
  return numberField(json, key, 'a finite number', Number.isFinite, context);
}

function wholeNumber(low: number, high: number): (value: number) => boolean {
  return (value) => Number.isInteger(value) && value >= low && value <= high;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
