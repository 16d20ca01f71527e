/**
 * A RunPlan says, before step 0, everything a run computes. It is plain data: it crosses the worker boundary, prints as
 * JSON and reproduces the run. Step index `n` counts in denoising order from 0, always.
 */

export type StepKind = 'full' | 'reuse' | 'selective' | 'forecast' | 'skip';

/** What one step computes. Written by a cache policy. */
export interface StepCompute {
  readonly kind: StepKind;
  /** Full steps only: write the branch outputs into the cache because a later step reads them. */
  readonly storesCache?: boolean;
  /** Full steps only: layers whose token scores a later selective step consumes. */
  readonly scoreLayers?: readonly number[];
  /**
   * Tokens recomputed in the MLP of each layer, `[depth]`; 0 = that layer reuses. On every step that the schedule calls
   * selective: one where all are 0 has kind `reuse` and costs what a reuse step costs, but still ages the staleness
   * counters of its deep layers.
   */
  readonly mlpTokens?: readonly number[];
}

/** How a sampler turns a prediction into the next latents: `x' = sample * x + prediction * eps`. */
export interface SamplerStep {
  /** The timestep the model is told. */
  readonly timestep: number;
  readonly sample: number;
  readonly prediction: number;
}

export interface StepPlan extends StepCompute, SamplerStep {
  readonly n: number;
  /** No cache is live before this step: `{n, latents, sampler history, policy state}` suffices to resume here. */
  readonly checkpoint: boolean;
  /** Executed FLOPs of this step (see `flops.ts`), all rows. */
  readonly flops: number;
}

/** How selective steps choose tokens. docs/procache.md 3. */
export interface SelectionSpec {
  readonly score: 'attention' | 'value-norm' | 'value-norm-negative';
  readonly staleness: { readonly weight: number; readonly period: number } | null;
  readonly bonus: { readonly window: number; readonly ratio: number } | null;
  /** Average the scores of a CFG pair and select the same tokens in both rows. */
  readonly shareCfg: boolean;
}

export interface GuidanceSpec {
  readonly scale: number;
  /** CFG applies to the first `channels` latent channels; the others take the conditional prediction. */
  readonly channels: number;
}

export interface RunPlan {
  readonly format: 'webdit-plan/1';
  /** A name that reproduces the run, such as `none` or `procache_s4x6.3x4.2x7_D21_r0.07`. */
  readonly policy: string;
  /** True when the schedule was derived because the model folder has none for these steps and sampler. */
  readonly derived: boolean;
  readonly sampler: string;
  readonly guidance: GuidanceSpec;
  /** Class id of each row: `[conditional, unconditional]`, or `[conditional]` when guidance is 1. */
  readonly labels: readonly number[];
  readonly selection: SelectionSpec | null;
  readonly steps: readonly StepPlan[];
}
