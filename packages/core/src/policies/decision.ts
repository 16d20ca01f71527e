import { asObject, choiceField, type FieldContext, type Json, numberField, refuseField } from '../schedule/fields.ts';

/** How a policy decides during the run, by a scalar a step: plain data, so that it crosses to where the run is. */
export type DecisionRule =
  | {
      readonly rule: 'teacache';
      readonly threshold: number;
      /** Output change foreseen for an input change, highest power first. */
      readonly polynomial: readonly number[];
      /** Least and most input change that the polynomial was fitted to; beyond, its value at the end counts. */
      readonly range: readonly [number, number];
    }
  | {
      readonly rule: 'dbcache';
      readonly threshold: number;
      /** Most skips in a row, and in all; null for no limit. */
      readonly maxContinuous: number | null;
      readonly maxCached: number | null;
    };

/** Asked once for each step with a probe that asks, in denoising order; told of every other step that was computed. */
export interface Decider {
  /** @param change relative L1. @returns true to skip. */
  decide(change: number): boolean;
  computed(): void;
}

/** A decider at the beginning of a run. */
export function startDeciding(rule: DecisionRule): Decider {
  return rule.rule === 'teacache' ? new TeaCacheDecider(rule) : new DbCacheDecider(rule);
}

class TeaCacheDecider implements Decider {
  private sum = 0;

  constructor(private readonly rule: Extract<DecisionRule, { rule: 'teacache' }>) {}

  decide(change: number): boolean {
    const { threshold, polynomial, range } = this.rule;
    const x = Math.min(range[1], Math.max(range[0], change));
    this.sum += Math.max(
      0,
      polynomial.reduce((value, coefficient) => value * x + coefficient, 0),
    );
    if (this.sum < threshold) return true;
    this.sum = 0;
    return false;
  }

  computed(): void {
    this.sum = 0;
  }
}

class DbCacheDecider implements Decider {
  private cached = 0;
  private continuous = 0;

  constructor(private readonly rule: Extract<DecisionRule, { rule: 'dbcache' }>) {}

  decide(change: number): boolean {
    const { threshold, maxContinuous, maxCached } = this.rule;
    const allowed = this.cached < (maxCached ?? Infinity) && this.continuous < (maxContinuous ?? Infinity);
    const skip = allowed && change < threshold;
    this.cached += skip ? 1 : 0;
    this.continuous = skip ? this.continuous + 1 : 0;
    return skip;
  }

  computed(): void {
    this.continuous = 0;
  }
}

/** A rule that came as data. @throws WebDiTError with the context's code, naming the field. */
export function readDecisionRule(json: unknown, context: FieldContext): DecisionRule {
  const within = { ...context, what: `${context.what}: decision` };
  const object = asObject(json, within);
  const rule = choiceField(object, 'rule', ['teacache', 'dbcache'] as const, within);
  const threshold = numberField(object, 'threshold', 'a finite number', Number.isFinite, within);
  if (rule === 'dbcache') {
    return {
      rule,
      threshold,
      maxContinuous: limit(object, 'maxContinuous', within),
      maxCached: limit(object, 'maxCached', within),
    };
  }
  const numbers = (key: 'polynomial' | 'range', least: number): number[] => {
    const list: unknown = object[key];
    if (Array.isArray(list) && list.length >= least && list.every(Number.isFinite)) return [...list];
    return refuseField(key, list, `${least} finite numbers or more`, within);
  };
  const [low, high] = numbers('range', 2) as [number, number];
  return { rule, threshold, polynomial: numbers('polynomial', 1), range: [low, high] };
}

function limit(json: Json, key: string, context: FieldContext): number | null {
  if (json[key] === null) return null;
  return numberField(json, key, 'a whole number, or null', (v) => Number.isInteger(v) && v >= 0, context);
}
