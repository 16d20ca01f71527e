import { countSteps, injectSelective, segmentLengths } from './pattern.ts';

/** What the search of the paper holds a pattern to, apart from its order. docs/procache.md 1. */
export interface PatternLimits {
  /** Most full steps. */
  readonly budget: number;
  /** Fewest and most steps reused after each full one. */
  readonly reuseMin: number;
  readonly reuseMax: number;
}

/** A constraint of the paper that a pattern does not keep. Such a pattern runs all the same. */
export interface BrokenConstraint {
  readonly constraint: 'budget' | 'monotone' | 'range' | 'injection';
  /** The steps it is about, n from 0 in denoising order. */
  readonly steps: readonly number[];
  readonly sentence: string;
}

/**
 * The paper's constraints that a pattern does not keep, each at most once: the budget (equation 2), reuse that never grows (3),
 * the range of reuse (4), every second reused step selective (7; a pattern without selective steps keeps it).
 *
 * @throws WebDiTError `bad-argument` for a text that is no pattern.
 */
export function brokenConstraints(pattern: string, limits: PatternLimits): BrokenConstraint[] {
  return [
    checkBudget(pattern, limits),
    checkOrder(pattern),
    checkRange(pattern, limits),
    checkInjection(pattern),
  ].filter((broken) => broken !== null);
}

/** A full step and what follows it up to the next one. */
interface Segment {
  readonly start: number;
  readonly reuse: number;
}

function segmentsOf(pattern: string): Segment[] {
  let start = 0;
  return segmentLengths(pattern).map((length) => {
    const segment = { start, reuse: length - 1 };
    start += length;
    return segment;
  });
}

function stepsOf({ start, reuse }: Segment): number[] {
  return Array.from({ length: reuse + 1 }, (_, i) => start + i);
}

function checkBudget(pattern: string, { budget }: PatternLimits): BrokenConstraint | null {
  const { full } = countSteps(pattern);
  if (full <= budget) return null;
  const steps = segmentsOf(pattern).map(({ start }) => start);
  return {
    constraint: 'budget',
    steps,
    sentence: `The budget is ${count(budget, 'full step')}, and the pattern has ${full}.`,
  };
}

function checkOrder(pattern: string): BrokenConstraint | null {
  const segments = segmentsOf(pattern);
  const grown = segments.filter(({ reuse }, i) => reuse > (segments[i - 1]?.reuse ?? reuse));
  const [first] = grown;
  if (first === undefined) return null;
  const before = segments[segments.indexOf(first) - 1] as Segment;
  const often = grown.length === 1 ? '' : `, and grows ${grown.length} times in all`;
  return {
    constraint: 'monotone',
    steps: grown.flatMap(stepsOf),
    sentence: `Reuse grows from ${count(before.reuse, 'step')} to ${first.reuse}${often}; the paper lets it only shrink towards the end.`,
  };
}

function checkRange(pattern: string, { reuseMin, reuseMax }: PatternLimits): BrokenConstraint | null {
  const outside = segmentsOf(pattern).filter(({ reuse }) => reuse < reuseMin || reuse > reuseMax);
  const [first] = outside;
  if (first === undefined) return null;
  const more = outside.length === 1 ? '' : `, and ${outside.length - 1} more leave the range`;
  return {
    constraint: 'range',
    steps: outside.flatMap(stepsOf),
    sentence: `The range is ${reuseMin} to ${reuseMax} reused after a full step, and one has ${first.reuse}${more}.`,
  };
}

function checkInjection(pattern: string): BrokenConstraint | null {
  const injected = injectSelective(pattern);
  if (!pattern.includes('2') || pattern === injected) return null;
  const steps = [...pattern].flatMap((digit, n) => (digit === injected[n] ? [] : [n]));
  return {
    constraint: 'injection',
    steps,
    sentence: `The paper makes every second step of a run of reused ones selective; ${steps.length === 1 ? '1 step is' : `${steps.length} steps are`} otherwise.`,
  };
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
