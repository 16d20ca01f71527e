import { WebDiTError } from '../errors.ts';
import type { TransformerConfig } from '../model.ts';
import type { RunPlan, SelectionSpec } from '../plan.ts';
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
import { checkSteps, type Extent, wholeNumber } from './check-steps.ts';
import { readDecisionRule } from './decision.ts';
import { type CachePolicy, modelSpec, type PolicyPlan } from './policy.ts';
import { fitsGrid, printSides } from './procache/presets.ts';

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
  const selection = checkSelection(plan, run, context);
  return {
    name: stringField(plan, 'name', context),
    derived: choiceField(plan, 'derived', [true, false], context),
    selection,
    ...decisionOf(plan, context),
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
  run: { readonly model: TransformerConfig; readonly sampler: SamplerSpec; readonly steps: number },
): RunPlan {
  const { model, sampler, steps } = run;
  const context = { what: 'The run plan', code: 'bad-argument' } as const;
  const plan = asObject(planned, context);
  const checked = checkPolicyPlan(context.what, { ...plan, name: plan.policy }, { steps, ...modelSpec(model) });
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
    ...checkCondition(plan, model, context),
    selection: checked.selection,
    ...(checked.decision ? { decision: checked.decision } : {}),
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
        x0Sample: finite(step, 'x0Sample', at),
        x0Prediction: finite(step, 'x0Prediction', at),
        history: n === 0 ? choiceField(step, 'history', [0], at) : finite(step, 'history', at),
        noise: finite(step, 'noise', at),
        flops: finite(step, 'flops', at),
        ...(compute.probe?.asks ? { skipFlops: finite(step, 'skipFlops', at) } : {}),
      };
    }),
  };
}

function checkSelection(plan: Json, { branches, grid }: Extent, context: FieldContext): SelectionSpec | null {
  if (plan.selection === null) return null;
  const within = { ...context, what: `${context.what}: selection` };
  const selection = asObject(plan.selection, within);
  const { score, staleness, bonus, shareCfg } = readSettings(selection, within);
  if (score === undefined) return refuseField('score', undefined, 'a kind of token score', within);
  if (staleness === undefined) return refuseField('staleness', undefined, 'its weight and period, or null', within);
  if (bonus === undefined) return refuseField('bonus', undefined, 'its window and ratio, or null', within);
  if (shareCfg === undefined) return refuseField('shareCfg', undefined, 'true or false', within);
  if (bonus !== null && !fitsGrid(bonus, grid)) {
    return refuseField('bonus.window', bonus.window, `a divisor of the ${printSides(grid)}`, within);
  }
  if (score === 'cross-entropy' && !branches.includes('cross')) {
    return refuseField('score', score, 'another kind of token score in a model without cross-attention', within);
  }
  return { score, staleness, bonus, shareCfg };
}

/** Probes that ask need somebody to answer. */
function decisionOf(plan: Json, context: FieldContext): Pick<PolicyPlan, 'decision'> {
  if (plan.decision !== undefined) return { decision: readDecisionRule(plan.decision, context) };
  const asks = (step: unknown) => (step as { probe?: { asks?: unknown } } | null)?.probe?.asks === true;
  if (Array.isArray(plan.steps) && plan.steps.some(asks)) {
    return refuseField('decision', undefined, 'a rule, or probes that do not ask', context);
  }
  return {};
}

/** What conditions the rows: classes, or captions. */
function checkCondition(
  plan: Json,
  model: TransformerConfig,
  context: FieldContext,
): Pick<RunPlan, 'labels' | 'captionTokens'> {
  if (model.kind === 'dit') return { labels: checkLabels(plan.labels, model.numClasses, context) };
  const { labels } = plan;
  if (!Array.isArray(labels) || labels.length < 1 || labels.length > 2 || labels.some((row, i) => row !== i)) {
    return refuseField('labels', labels, '[0], or [0, 1] with guidance', context);
  }
  const most = model.maxCaptionTokens;
  const expected = `a whole number from 1 to ${most}`;
  return {
    labels: labels.map((_, row) => row),
    captionTokens: numberField(plan, 'captionTokens', expected, wholeNumber(1, most), context),
  };
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

function finite(json: Json, key: string, context: FieldContext): number {
  return numberField(json, key, 'a finite number', Number.isFinite, context);
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
