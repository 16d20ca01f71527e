import {
  type BrokenConstraint,
  brokenConstraints,
  type CostEstimate,
  checkPattern,
  countSteps,
  derivePattern,
  estimateCost,
  type ModelDescription,
  type PatternLimits,
  removeSelective,
  type Schedule,
  scheduleOfPlan,
  segmentLengths,
} from 'webdit';

/** The schedule on the strip, as the visitor has edited it so far. */
export interface Draft {
  readonly schedule: Schedule;
  /** What the constraints are checked against, and what a search would keep to. */
  readonly limits: PatternLimits;
  /** Before the number of steps was changed: further changes of it start from there, not from each other. */
  readonly unsized?: Draft;
}

/** Digit -> kind, in the order in which a click goes through them. */
export const kindOf = { '1': 'full', '2': 'selective', '0': 'reuse' } as const;
export type Digit = keyof typeof kindOf;

export const digitAfter: Readonly<Record<Digit, Digit>> = { '1': '2', '2': '0', '0': '1' };

/** What a run would need to know beside the schedule. */
export interface Run {
  readonly steps: number;
  readonly guidance: number;
  readonly cache: string;
}

export function draftOf(schedule: Schedule): Draft {
  return { schedule, limits: limitsOf(schedule) };
}

/** The draft that a cache setting means for a model. @throws WebDiTError as planning it does. */
export function draftOfCache(model: ModelDescription, run: Run): Draft {
  const { steps, cache } = run;
  return draftOf(scheduleOfPlan(estimate(model, run.guidance, { steps, cache }).plan));
}

/** @throws WebDiTError `bad-argument` for what is no pattern. */
export function withPattern(draft: Draft, pattern: string): Draft {
  const { found: _, ...schedule } = draft.schedule;
  return { schedule: { ...schedule, pattern: checkPattern(pattern), steps: pattern.length }, limits: draft.limits };
}

/** @throws WebDiTError `bad-argument` for a first step that is not full. */
export function withStep(draft: Draft, n: number, digit: Digit): Draft {
  const { pattern } = draft.schedule;
  return withPattern(draft, pattern.slice(0, n) + digit + pattern.slice(n + 1));
}

/**
 * The same share of full steps over another number of steps, in the released shape.
 * @throws WebDiTError `bad-argument` for a bad number of steps.
 */
export function withSteps(draft: Draft, steps: number): Draft {
  const base = draft.unsized ?? draft;
  const { pattern } = base.schedule;
  if (steps === pattern.length) return base;
  const { full, selective } = countSteps(pattern);
  const derived = derivePattern(steps, Math.max(1, Math.round((full * steps) / pattern.length)));
  const { schedule } = withPattern(base, selective > 0 ? derived : removeSelective(derived));
  return { ...draftOf(schedule), unsized: base };
}

/** Changes of a mode start from the rule of that mode; null leaves a setting to the mode. */
export function withSettings(
  draft: Draft,
  change: { readonly [K in 'mode' | 'deepLayerStart' | 'tokenRatio']?: Schedule[K] | null },
): Draft {
  const { format, policy, steps, sampler, pattern, mode, deepLayerStart, ...rule } = draft.schedule;
  const { found: _, ...kept } = rule;
  const head = { format, policy, steps, sampler, pattern };
  const before = { mode, deepLayerStart, ...(change.mode ? {} : kept) };
  const settings = Object.entries({ ...before, ...change }).filter(
    ([, value]) => value !== null && value !== undefined,
  );
  return { schedule: { ...head, ...Object.fromEntries(settings) }, limits: draft.limits };
}

/** A draft held against a model. */
export interface Check extends CostEstimate {
  readonly broken: readonly BrokenConstraint[];
}

/** @throws WebDiTError when the model cannot run it. */
export function checkDraft(model: ModelDescription, { schedule, limits }: Draft, guidance: number): Check {
  return {
    ...estimate(model, guidance, { steps: schedule.steps, cache: schedule }),
    broken: brokenConstraints(schedule.pattern, {
      budget: orElse(limits.budget, Number.POSITIVE_INFINITY),
      reuseMin: orElse(limits.reuseMin, 0),
      reuseMax: orElse(limits.reuseMax, Number.POSITIVE_INFINITY),
    }),
  };
}

function estimate(model: ModelDescription, guidance: number, run: { steps: number; cache: string | Schedule }) {
  const { config, sampler, schedules, defaults } = model;
  const guidanceScale = orElse(guidance, defaults.guidanceScale);
  return estimateCost({ model: config, sampler, schedules, guidanceScale, label: 0, ...run });
}

/** Those of the search that found it, else those it keeps by itself. */
function limitsOf({ pattern, found }: Schedule): PatternLimits {
  const { budget, reuse } = (found?.space ?? {}) as { budget?: unknown; reuse?: unknown };
  if (Number.isInteger(budget) && Array.isArray(reuse) && reuse.length === 2 && reuse.every(Number.isInteger)) {
    return { budget: budget as number, reuseMin: reuse[0], reuseMax: reuse[1] };
  }
  const reused = segmentLengths(pattern).map((length) => length - 1);
  return { budget: reused.length, reuseMin: Math.min(...reused), reuseMax: Math.max(...reused) };
}

function orElse(value: number, fallback: number): number {
  return Number.isFinite(value) ? value : fallback;
}
