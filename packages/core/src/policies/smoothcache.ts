import type { StepCompute } from '../plan.ts';
import { needCalibration, refuseCalibration } from '../schedule/calibration.ts';
import { numberPolicy } from './number-policy.ts';
import { NumberWords } from './words.ts';

const words = new NumberWords('smoothcache', {
  /** Most relative L1 change of a branch's outputs over the steps that reuse them. */
  threshold: { letter: 'a', default: 0.18, least: 0, most: 100, fraction: true },
});

/**
 * The steps at which one kind of branch is computed: after each, the most steps reuse it whose outputs have not moved further
 * than the threshold. The first step and the last are always computed.
 *
 * @param changes by lag, as a calibration has them.
 */
export function smoothCacheList(
  changes: readonly (readonly number[])[],
  steps: number,
  threshold: number,
): readonly boolean[] {
  const computed = Array<boolean>(steps).fill(false);
  let n = 0;
  while (n < steps) {
    computed[n] = true;
    const lags = changes.flatMap((list, i) => {
      const change = list[n];
      const fits = n + i + 1 < steps - 1;
      return fits && change !== undefined && change <= threshold ? [i + 1] : [];
    });
    n += 1 + Math.max(0, ...lags);
  }
  return computed;
}

/**
 * Reuses attention and MLP outputs, and cross-attention's, each on a list of steps of its own that all layers share, for as long as
 * uncached runs have shown them to change little. Steps that compute some of them are selective: all attentions, or all tokens. Liu et
 * al., "SmoothCache: A Universal Inference Acceleration Technique for Diffusion Transformers"; docs/procache.md 4.
 *
 * `{policy: 'smoothcache', threshold}`, or `smoothcache:a0.18`. Needs the model's calibration for the steps and sampler.
 */
export const smoothcache = numberPolicy(
  words,
  (run, { threshold }) => {
    const { branchChange } = needCalibration(words.policy, run);
    const computed = run.branches.map((branch) => {
      const changes = branchChange[branch] ?? refuseCalibration(words.policy, run);
      return { branch, list: smoothCacheList(changes, run.steps, threshold) };
    });
    const layers = Array.from({ length: run.depth }, (_, layer) => layer);
    const tokens = (all: boolean) => layers.map(() => (all ? run.tokens : 0));
    return Array.from({ length: run.steps }, (_, n): StepCompute => {
      const now = computed.filter(({ list }) => list[n]).map(({ branch }) => branch);
      if (now.length === run.branches.length) return { kind: 'full' };
      if (now.length === 0) return { kind: 'reuse' };
      return {
        kind: 'selective',
        ...(now.includes('attn') ? { attnLayers: layers } : {}),
        mlpTokens: tokens(now.includes('mlp')),
        ...(run.branches.includes('cross') ? { crossTokens: tokens(now.includes('cross')) } : {}),
      };
    });
  },
  { usesCalibration: true },
);
