import { WebDiTError } from '../../errors.ts';
import { injectSelective, patternOfSegments } from '../../schedule/pattern.ts';
import type { ModelSpec } from '../policy.ts';

/** Full steps of a schedule derived for a run: about a third of them, 17 of 50 as in the released one. */
export function defaultBudget(steps: number): number {
  return Math.max(1, Math.round((34 * steps) / 100));
}

/**
 * A pattern of the released shape, for any number of steps and full steps: segments of `m + 1`, `m` and `m - 1` steps, in this
 * order, where `m` is the mean length, rounded. How many are long is the one freedom that leaves; the pattern released for DiT
 * takes three quarters of the most there could be, 6 of 8, and that for PixArt none, and so does this. 17 of 50 and 7 of 20 give
 * the released patterns themselves, and the default budget reuses 1 to 3 steps at a time from 2 steps on.
 *
 * @throws WebDiTError `bad-argument` unless `budget` is a whole number from 1 to `steps`.
 */
export function derivePattern(steps: number, budget: number, kind: ModelSpec['kind'] = 'dit'): string {
  if (!Number.isInteger(budget) || budget < 1 || budget > steps) {
    throw new WebDiTError(
      'bad-argument',
      `A run of ${steps} steps cannot have ${String(budget)} full ones.`,
      `Use a budget from 1 to ${steps}.`,
    );
  }
  const middle = Math.max(2, Math.round(steps / budget));
  // long - short, since their sum with the middle ones is fixed
  const excess = steps - middle * budget;
  const least = Math.max(0, excess);
  const most = Math.floor((budget + excess) / 2);
  const long = least + Math.round((kind === 'pixart' ? 0 : 0.75) * (most - least));
  const short = long - excess;
  const segments = (length: number, count: number) => Array<number>(count).fill(length);
  return injectSelective(
    patternOfSegments([
      ...segments(middle + 1, long),
      ...segments(middle, budget - long - short),
      ...segments(middle - 1, short),
    ]),
  );
}
