import type { SelectionSpec, StepCompute } from '../plan.ts';
import type { RunSpec } from './policy.ts';
import { fitsGrid, presets } from './procache/presets.ts';
import { tokensToRecompute } from './procache/tokens.ts';

/** Where one step of ToCa stands. */
export interface TocaStep {
  /** Layer 0 is computed in full. */
  readonly first: boolean;
  /** The other layers are. They differ from layer 0 only in the authors' code, see `tocaSteps`. */
  readonly rest: boolean;
  /** Steps since the cycle's full one, as DuCa counts them: the step index mod the cycle's length. */
  readonly position: number;
}

/**
 * The cycles of ToCa on DiT: full where the index, counted down from T - 1, is divisible by a length that each full step
 * sets anew, N / (1.4 - 0.8 index / T) rounded, and 2 for indices from 0.2 T up to 0.4 T.
 *
 * @param compat as the authors' code runs: it asks layer by layer, and layer 0 has set the new length before layer 1 asks. Where
 *   the new length does not divide the index, only block 0 is computed in full. docs/procache.md 4.
 */
export function tocaSteps(steps: number, interval: number, compat = false): TocaStep[] {
  let length = interval;
  return Array.from({ length: steps }, (_, n) => {
    const index = steps - 1 - n;
    const first = n === 0 || index % length === 0;
    if (first) length = cycleLength(index, steps, interval);
    const position = index % length;
    return { first, rest: compat ? n === 0 || position === 0 : first, position };
  });
}

function cycleLength(index: number, steps: number, interval: number): number {
  if (index >= 0.2 * steps && index < 0.4 * steps) return 2;
  return Math.max(1, Math.round(interval / (1.4 - (0.8 * index) / steps)));
}

/** A step that recomputes tokens in the MLP of every layer; layer 0 whole, with its attention, where it is full by itself. */
export function partialStep(run: RunSpec, n: number, tokenRatio: number, firstIsFull: boolean): StepCompute {
  const { depth, tokens, steps } = run;
  const mlpTokens = Array.from({ length: depth }, (_, layer) =>
    tokensToRecompute('toca-ddim50', tokenRatio, tokens, { n, steps, layer, depth }),
  );
  if (!firstIsFull) return { kind: 'selective', mlpTokens };
  return { kind: 'selective', attnLayers: [0], mlpTokens: [tokens, ...mlpTokens.slice(1)] };
}

/** How ToCa chooses tokens: by staleness and a bonus on top of the score, which DuCa takes another one of. */
export function tocaSelection({ grid }: RunSpec, score: SelectionSpec['score']): SelectionSpec {
  const { staleness, bonus } = presets.released;
  return { score, staleness, bonus: bonus && fitsGrid(bonus, grid) ? bonus : null, shareCfg: false };
}
