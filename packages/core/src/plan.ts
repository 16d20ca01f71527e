/**
 * A RunPlan says, before step 0, everything a run computes. It is plain data: it crosses the worker boundary, prints as
 * JSON and reproduces the run. Step index `n` counts in denoising order from 0, always.
 */

import type { DecisionRule } from './policies/decision.ts';

/** What a step does with the model: run it, reuse its caches, recompute some tokens, forecast it, or leave it out. */
export type StepKind = 'full' | 'reuse' | 'selective' | 'forecast' | 'skip';

/** What one step computes. Written by a cache policy. */
export interface StepCompute {
  readonly kind: StepKind;
  /** Full steps only: keep the branch outputs because a later step reads them. */
  readonly storesCache?: boolean;
  /** Full steps only: layers whose token scores a later selective step consumes. */
  readonly scoreLayers?: readonly number[];
  /**
   * Tokens recomputed in the MLP of each layer, `[depth]`; 0 = that layer reuses. On every step that the schedule calls
   * selective: one where all are 0 has kind `reuse` and costs what a reuse step costs, but still ages the staleness
   * counters of its deep layers.
   */
  readonly mlpTokens?: readonly number[];
  /**
   * The same of each layer's cross-attention, beside `mlpTokens`: which tokens these are is chosen apart from the MLP's, with
   * counters of their own. Absent in a model without cross-attention; else absent means none.
   */
  readonly crossTokens?: readonly number[];
  /** Selective steps only: layers whose attention is computed, for every token. The others reuse theirs. */
  readonly attnLayers?: readonly number[];
  /**
   * Forecast steps only: what each branch adds, as weights of its outputs at the latest full steps that stored them, newest
   * first. One list for all branches, or one for each, `[branches x depth]`: layer by layer, in each layer in the order of
   * `branchesOf`.
   */
  readonly forecast?: readonly (readonly number[])[];
  /**
   * What the sampler takes for the model's prediction: a sum of the predictions of the latest full steps, by weights, newest first.
   * A forecast step has either this or `forecast`, and with this runs nothing of the model. In a full step the first weight is of
   * its own prediction, which is kept as the model made it.
   */
  readonly predictions?: readonly number[];
  /** Skip steps: the blocks that are not run. Computed steps: the blocks that a later skip step stands in for. */
  readonly stack?: StackRange;
  /** Full steps with a `stack` only: a scalar that is measured, and by which the step may skip the stack instead. */
  readonly probe?: StepProbe;
}

/** A relative L1 change that the executor measures in a step: mean |now - reference| over mean |reference|, all rows. */
export interface StepProbe {
  /** What of: block 0's modulated input, or what the blocks before the stack add. */
  readonly at: 'input' | 'blocks';
  /** The reference: the same of the step before, or of the latest step that was computed whole. */
  readonly against: 'previous' | 'computed';
  /** The plan's decision is asked. Else the step is computed, and only keeps its own for later ones. */
  readonly asks: boolean;
}

/** Blocks `first` to `last - 1`, and what a skip puts in their place. */
export interface StackRange {
  readonly first: number;
  readonly last: number;
  /**
   * `residual`: what the blocks added to the token state when they last ran, added again. `state`: the token state they left,
   * whatever enters them now; only for the whole stack.
   */
  readonly keep: 'residual' | 'state';
}

/**
 * How a sampler turns what the model predicts into the next latents: `x' = sample * x + prediction * output + history * x0before
 * + noise * z`, where x0before is the x0 of the step before and z the step's own normal noise. This step's is
 * `x0 = x0Sample * x + x0Prediction * output`.
 */
export interface SamplerStep {
  /** The timestep the model is told; with flow matching not a whole number. */
  readonly timestep: number;
  readonly sample: number;
  readonly prediction: number;
  readonly x0Sample: number;
  readonly x0Prediction: number;
  /** 0 in the first step, and always in samplers of first order. */
  readonly history: number;
  /** 0 in samplers that draw no noise, and where the last step draws none. */
  readonly noise: number;
}

/** Leaves the latents alone. */
export const idleMove: SamplerStep = {
  timestep: 0,
  sample: 1,
  prediction: 0,
  x0Sample: 1,
  x0Prediction: 0,
  history: 0,
  noise: 0,
};

export interface StepPlan extends StepCompute, SamplerStep {
  readonly n: number;
  /** No cache is live before this step: `{n, latents, sampler history, policy state}` suffices to resume here. */
  readonly checkpoint: boolean;
  /** Executed FLOPs of this step (see `flops.ts`), all rows. */
  readonly flops: number;
  /** The same where a probe has the stack skipped. */
  readonly skipFlops?: number;
}

/** How selective steps choose tokens. docs/procache.md 3. */
export interface SelectionSpec {
  /**
   * `attention`: what a token receives in self-attention. `value-norm`: the length of its value there, or with `-negative` how small
   * it is. `cross-entropy`: the entropy of its cross-attention, of the mean over the heads; high is selected.
   */
  readonly score: 'attention' | 'value-norm' | 'value-norm-negative' | 'cross-entropy';
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

/** Everything a run computes, as plain data. */
export interface RunPlan {
  readonly format: 'webdit-plan/1';
  /** A name that reproduces the run, such as `none` or `procache_s4x6.3x4.2x7_D21_r0.07`. */
  readonly policy: string;
  /** True when the schedule was derived because the model folder has none for these steps and sampler. */
  readonly derived: boolean;
  readonly sampler: string;
  readonly guidance: GuidanceSpec;
  /**
   * What conditions each row, `[conditional, unconditional]`, or `[conditional]` when guidance is 1. Of a DiT class ids. Of a text
   * model rows of its captions: 0 is the prompt, 1 the negative prompt, so `[0, 1]` or `[0]`.
   */
  readonly labels: readonly number[];
  /** Of text models only: tokens of a caption, as the FLOPs of cross-attention are counted. */
  readonly captionTokens?: number;
  readonly selection: SelectionSpec | null;
  /** Of a plan with probes that ask. */
  readonly decision?: DecisionRule;
  readonly steps: readonly StepPlan[];
}
