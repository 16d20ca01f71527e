import { WebDiTError } from '../errors.ts';
import { executed } from '../flops.ts';
import { type DiTConfig, tokenCount } from '../model.ts';
import type { RunPlan } from '../plan.ts';
import { type SamplerSpec, samplerName, samplerSteps } from '../samplers/sampler.ts';
import { checkSteps } from '../samplers/timesteps.ts';
import type { Calibration } from '../schedule/calibration.ts';
import type { Schedule } from '../schedule/schedule.ts';
import { type CacheSpec, readCacheSpec } from './cache-spec.ts';
import { callPolicy, checkPolicyPlan } from './check-plan.ts';
import { checkpoints } from './live-caches.ts';
import type { RunSpec } from './policy.ts';
import { skipOf } from './skip-of.ts';

export interface RunOptions {
  readonly model: DiTConfig;
  readonly sampler: SamplerSpec;
  readonly steps: number;
  /** Exactly 1 turns classifier-free guidance off and halves the work. */
  readonly guidanceScale: number;
  /** Latent channels that guidance moves, counted from the first. Default: the model's own. */
  readonly guidanceChannels?: number | undefined;
  /** Class id, 0 to `numClasses - 1`. */
  readonly label: number;
  /** Default `none`. */
  readonly cache?: CacheSpec | undefined;
  /** The model folder's schedules. A policy that is given no pattern takes the one for these steps and sampler. */
  readonly schedules?: readonly Schedule[] | undefined;
  /** The model folder's calibrations. A policy that needs one takes that for these steps and sampler. */
  readonly calibrations?: readonly Calibration[] | undefined;
}

/**
 * Sampler x policy x model -> everything a run computes, before step 0.
 *
 * @throws WebDiTError `bad-argument` (steps, guidance, settings of the policy), `unknown-label`, `unknown-policy`, `format` (a
 *   schedule), or `schedule-mismatch` when the policy does not fit the run.
 */
export function compileRunPlan(options: RunOptions): RunPlan {
  const { model, sampler, steps, label } = options;
  checkSteps(steps, sampler.noise.trainSteps);
  const guidance = {
    scale: checkGuidanceScale(options.guidanceScale),
    channels: checkGuidanceChannels(options.guidanceChannels ?? model.guidanceChannels, model.inChannels),
  };
  if (!Number.isInteger(label) || label < 0 || label >= model.numClasses) {
    throw new WebDiTError(
      'unknown-label',
      `The class id ${String(label)} is not one of the model's ${model.numClasses} classes.`,
      `Use a class id from 0 to ${model.numClasses - 1}.`,
    );
  }
  const labels = guidance.scale === 1 ? [label] : [label, model.numClasses];
  const name = samplerName(sampler);
  const { policy, config } = readCacheSpec(options.cache ?? 'none', { steps, sampler: name });
  const moves = samplerSteps(sampler, steps);
  const run: RunSpec = {
    steps,
    sampler: name,
    moves,
    depth: model.depth,
    tokens: tokenCount(model),
    hiddenSize: model.hiddenSize,
    schedules: (options.schedules ?? []).filter(
      (schedule) => schedule.policy === policy.name && schedule.steps === steps && schedule.sampler === name,
    ),
    calibration:
      options.calibrations?.find((calibration) => calibration.steps === steps && calibration.sampler === name) ?? null,
  };
  const planned = checkPolicyPlan(
    `The cache policy "${policy.name}"`,
    callPolicy(policy, () => policy.plan(run, config)),
    run,
  );
  const resumable = checkpoints(planned.steps);
  return {
    format: 'webdit-plan/1',
    policy: planned.name,
    derived: planned.derived,
    sampler: name,
    guidance,
    labels,
    selection: planned.selection,
    ...(planned.decision ? { decision: planned.decision } : {}),
    steps: planned.steps.map((compute, n) => ({
      ...(moves[n] as (typeof moves)[number]),
      ...compute,
      n,
      checkpoint: resumable[n] as boolean,
      flops: executed(model, labels.length, compute, planned.selection),
      ...(compute.probe?.asks ? { skipFlops: executed(model, labels.length, skipOf(compute)) } : {}),
    })),
  };
}

/** @throws WebDiTError `bad-argument` unless the scale is finite as the f32 that the kernels take. */
export function checkGuidanceScale(scale: number): number {
  if (!Number.isFinite(Math.fround(scale))) {
    throw new WebDiTError(
      'bad-argument',
      `The guidance scale is ${String(scale)}, which is not a finite 32-bit number.`,
      'Pass a number such as 3, or 1 to turn guidance off.',
    );
  }
  return scale;
}

function checkGuidanceChannels(channels: number, inChannels: number): number {
  if (!Number.isInteger(channels) || channels < 1 || channels > inChannels) {
    throw new WebDiTError(
      'bad-argument',
      `Guidance on ${String(channels)} channels does not fit a model with ${inChannels} latent channels.`,
      `Pass a whole number from 1 to ${inChannels}.`,
    );
  }
  return channels;
}
