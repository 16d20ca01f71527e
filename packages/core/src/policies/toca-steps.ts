import { WebDiTError } from '../errors.ts';
import type { SelectionSpec, StepCompute } from '../plan.ts';
import { roundHalfToEven } from '../samplers/timesteps.ts';
import type { RunSpec } from './policy.ts';
import { fitsGrid, presetsOf } from './procache/presets.ts';
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
 * The cycles of ToCa: full where the index is divisible by a length that each full step sets anew. On DiT the index is counted
 * down from T - 1, and the length N / (1.4 - 0.8 index / T) rounded, and 2 for indices from 0.2 T up to 0.4 T. On PixArt it is
 * counted up, and the length N / (0.8 + 0.4 index / T) rounded.
 *
 * @param compat as the authors' code runs: it asks layer by layer, and layer 0 has set the new length before layer 1 asks. Where
 *   the new length does not divide the index, only block 0 is computed in full. docs/procache.md 4.
 * @throws WebDiTError `bad-argument` for `compat` on PixArt, whose published FLOPs come out without the quirk.
 */
export function tocaSteps({ kind, steps }: RunSpec, interval: number, compat: boolean): TocaStep[] {
  if (compat && kind !== 'dit') {
    throw new WebDiTError(
      'bad-argument',
      "The setting compat repeats a quirk of the authors' code for DiT, and the model is none.",
      'Leave compat out.',
    );
  }
  let length = interval;
  return Array.from({ length: steps }, (_, n) => {
    const index = kind === 'pixart' ? n : steps - 1 - n;
    const first = n === 0 || index % length === 0;
    if (first) length = Math.max(1, (kind === 'pixart' ? pixArtCycle : ditCycle)(index, steps, interval));
    const position = index % length;
    return { first, rest: compat ? n === 0 || position === 0 : first, position };
  });
}

function ditCycle(index: number, steps: number, interval: number): number {
  if (index >= 0.2 * steps && index < 0.4 * steps) return 2;
  return Math.round(interval / (1.4 - (0.8 * index) / steps));
}

function pixArtCycle(index: number, steps: number, interval: number): number {
  return roundHalfToEven(interval / (0.8 + (0.4 * index) / steps));
}

/**
 * A step that recomputes tokens in the MLP of every layer, and in their cross-attention; layer 0 whole, with its attention, where it
 * is full by itself.
 */
export function partialStep(run: RunSpec, n: number, tokenRatio: number, firstIsFull: boolean): StepCompute {
  const { ratioSchedule } = presetsOf(run.kind).released;
  const { mlpTokens = [], ...others } = tokensToRecompute(run, { ratioSchedule, tokenRatio }, n);
  if (!firstIsFull) return { kind: 'selective', mlpTokens, ...others };
  return { kind: 'selective', attnLayers: [0], mlpTokens: [run.tokens, ...mlpTokens.slice(1)] };
}

/** How ToCa chooses tokens, as ProCache took it over: by staleness and a bonus on top of the score. DuCa has another score. */
export function tocaSelection({ kind, grid }: RunSpec): SelectionSpec {
  const { score, staleness, bonus, shareCfg } = presetsOf(kind).released;
  return { score, staleness, bonus: bonus && fitsGrid(bonus, grid) ? bonus : null, shareCfg };
}
