import type { StepCompute } from '../../plan.ts';
import type { RatioSchedule } from '../../schedule/settings.ts';
import type { ModelSpec } from '../policy.ts';
import type { SelectiveRule } from './presets.ts';

/** A selective step of a run: step `n` of `steps`, layer `layer` of `depth`. */
interface Place {
  readonly n: number;
  readonly steps: number;
  readonly layer: number;
  readonly depth: number;
}

type PartialBranch = 'cross' | 'mlp';

/**
 * The share of tokens recomputed, before it is clamped: docs/procache.md 3. The authors' step counts down from
 * `steps - 1` on DiT and up from 0 on PixArt, and their 27 is the last of 28 layers. The last factor is their weight of the
 * branch. DiT's schedules know no cross-attention, and give it what they give the MLP.
 */
function ratio(
  schedule: RatioSchedule,
  base: number,
  branch: PartialBranch,
  { n, steps, layer, depth }: Place,
): number {
  const time = (steps - 1 - n) / steps;
  const deep = layer / Math.max(1, depth - 1);
  switch (schedule) {
    case 'constant':
      return base;
    case 'toca-ddim50':
      return base * (3 - 4 * time) * (0.8 + 0.4 * deep) * 2.5;
    case 'toca-ddpm250':
      return base * (1.4 - 0.8 * time) * (1.8 - 1.6 * deep) * 2.5;
    case 'toca-pixart':
      return base * (1.9 - (1.8 * n) / steps) * (1.6 - 1.2 * deep) * (branch === 'cross' ? 0.6 : 1.6);
  }
}

/**
 * Tokens that the layers from `firstLayer` on recompute at selective step n, in each branch that can be recomputed in part.
 *
 * @param rule the ratio schedule, and its base.
 */
export function tokensToRecompute(
  { depth, tokens, branches, steps }: Pick<ModelSpec, 'depth' | 'tokens' | 'branches'> & { readonly steps: number },
  { ratioSchedule, tokenRatio }: Pick<SelectiveRule, 'ratioSchedule' | 'tokenRatio'>,
  n: number,
  firstLayer = 0,
): Pick<StepCompute, 'mlpTokens' | 'crossTokens'> {
  const counts = (branch: PartialBranch) =>
    Array.from({ length: depth }, (_, layer) => {
      if (layer < firstLayer) return 0;
      const share = ratio(ratioSchedule, tokenRatio, branch, { n, steps, layer, depth });
      return Math.floor(Math.min(1, Math.max(0, share)) * tokens);
    });
  return { mlpTokens: counts('mlp'), ...(branches.includes('cross') ? { crossTokens: counts('cross') } : {}) };
}
