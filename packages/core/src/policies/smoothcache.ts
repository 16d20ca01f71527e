import type { StepCompute } from '../plan.ts';
import { needCalibration } from '../schedule/calibration.ts';
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
 * Reuses attention and MLP outputs, each on a list of steps of its own that all layers share, for as long as uncached runs have
 * shown them to change little. Steps that compute one of the two are selective: all attentions, or all tokens of all MLPs. Liu et
 * al., "SmoothCache: A Universal Inference Acceleration Technique for Diffusion Transformers"; docs/procache.md 4.
 *
 * `{policy: 'smoothcache', threshold}`, or `smoothcache:a0.18`. Needs the model's calibration for the steps and sampler.
 */
export const smoothcache = numberPolicy(
  words,
  (run, { threshold }) => {
    const { branchChange } = needCalibration(words.policy, run);
    const attn = smoothCacheList(branchChange.attn, run.steps, threshold);
    const mlp = smoothCacheList(branchChange.mlp, run.steps, threshold);
    const layers = Array.from({ length: run.depth }, (_, layer) => layer);
    return attn.map((attention, n): StepCompute => {
      if (attention && mlp[n]) return { kind: 'full' };
      if (attention) return { kind: 'selective', attnLayers: layers, mlpTokens: layers.map(() => 0) };
      return mlp[n] ? { kind: 'selective', mlpTokens: layers.map(() => run.tokens) } : { kind: 'reuse' };
    });
  },
  { usesCalibration: true },
);
