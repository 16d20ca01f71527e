import { WebDiTError } from '../errors.ts';
import { conditioningFlops, executed } from '../flops.ts';
import type { PixArtConfig, TransformerConfig } from '../model.ts';
import type { RunPlan, SamplerStep, StepCompute } from '../plan.ts';
import { stepsFrom } from '../samplers/image-to-image.ts';
import { type SamplerSpec, samplerName, samplerSteps } from '../samplers/sampler.ts';
import { type Calibration, calibrationFrom } from '../schedule/calibration.ts';
import type { Schedule } from '../schedule/schedule.ts';
import { type CacheSpec, readCacheSpec } from './cache-spec.ts';
import { callPolicy, checkPolicyPlan } from './check-plan.ts';
import { checkpoints } from './live-caches.ts';
import { none } from './none.ts';
import { modelSpec, type PolicyPlan, type RunSpec } from './policy.ts';
import { skipOf } from './skip-of.ts';

export interface RunOptions {
  readonly model: TransformerConfig;
  readonly sampler: SamplerSpec;
  readonly steps: number;
  /**
   * The first of the steps that is run; default 0. A run from a picture leaves out those before, and its policy plans the rest as a run of
   * their number: no schedule of the folder fits that, and a calibration does from that step on.
   */
  readonly first?: number | undefined;
  /** Exactly 1 turns classifier-free guidance off and halves the work. */
  readonly guidanceScale: number;
  /** Latent channels that guidance moves, counted from the first. Default: the model's own. */
  readonly guidanceChannels?: number | undefined;
  /** Class id, 0 to `numClasses - 1`. Of a DiT only, which needs one. */
  readonly label?: number | undefined;
  /** Tokens of the longest caption, by which a text model's FLOPs are counted. Default: the most it takes. */
  readonly captionTokens?: number | undefined;
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
 * @throws WebDiTError `bad-argument` (steps, guidance, label of a text model, settings of the policy), `unknown-label`, `unknown-policy`, `format` (a
 *   schedule), or `schedule-mismatch` when the policy does not fit the run.
 */
export function compileRunPlan(options: RunOptions): RunPlan {
  const { model, sampler, first = 0 } = options;
  const moves = stepsFrom(samplerSteps(sampler, options.steps), first);
  const guidance = {
    scale: checkGuidanceScale(options.guidanceScale),
    channels: checkGuidanceChannels(options.guidanceChannels ?? model.guidanceChannels, model.inChannels),
  };
  const { labels: pair, ...condition } = conditionOf(options);
  const labels = guidance.scale === 1 ? pair.slice(0, 1) : pair;
  const name = samplerName(sampler);
  const planned = planPolicy(options, moves);
  const cost = (step: StepCompute) => executed(model, labels.length, step, planned.selection, condition.captionTokens);
  const resumable = checkpoints(planned.steps);
  return {
    format: 'webdit-plan/1',
    policy: planned.name,
    derived: planned.derived,
    sampler: name,
    guidance,
    labels,
    ...condition,
    selection: planned.selection,
    ...(planned.decision ? { decision: planned.decision } : {}),
    steps: planned.steps.map((compute, n) => ({
      ...(moves[n] as (typeof moves)[number]),
      ...compute,
      n,
      checkpoint: resumable[n] as boolean,
      flops: cost(compute) + (n === 0 ? conditioningFlops(model, labels.length, condition.captionTokens) : 0),
      ...(compute.probe?.asks ? { skipFlops: cost(skipOf(compute)) } : {}),
    })),
  };
}

/** What the policy computes in each of the run's steps. */
function planPolicy(options: RunOptions, moves: readonly SamplerStep[]): PolicyPlan {
  const { model, first = 0 } = options;
  const sampler = samplerName(options.sampler);
  const steps = moves.length;
  const fits = (made: Schedule | Calibration) => made.steps === options.steps && made.sampler === sampler;
  try {
    const { policy, config } = readCacheSpec(options.cache ?? 'none', { steps, sampler });
    // Without a step there is nothing to ask a policy.
    if (steps === 0) return { name: none.name, derived: false, selection: null, steps: [] };
    const calibration = options.calibrations?.find(fits);
    const run: RunSpec = {
      steps,
      sampler,
      moves,
      ...modelSpec(model),
      schedules:
        first > 0
          ? []
          : (options.schedules ?? []).filter((schedule) => schedule.policy === policy.name && fits(schedule)),
      calibration: calibration ? calibrationFrom(calibration, first) : null,
    };
    const planned = callPolicy(policy, () => policy.plan(run, config));
    return checkPolicyPlan(`The cache policy "${policy.name}"`, planned, run);
  } catch (error) {
    if (first === 0 || !(error instanceof WebDiTError) || error.code === 'unknown-policy') throw error;
    const { code, message, remedy, cause } = error;
    const all = options.steps;
    const rest = `A run from a picture has the last ${steps} of its ${all} steps, and calibrations are for all ${all}.`;
    throw new WebDiTError(code, message, `${remedy} ${rest}`, { cause });
  }
}

/** What conditions the two rows of a pair: a class and the null class, or the captions that a run brings. */
function conditionOf({
  model,
  label,
  captionTokens,
}: RunOptions): Pick<RunPlan, 'captionTokens'> & { readonly labels: readonly [number, number] } {
  if (model.kind === 'pixart') {
    if (label !== undefined) {
      throw new WebDiTError(
        'bad-argument',
        `The run has the class id ${String(label)}, but the model draws from a text and knows no classes.`,
        'Leave the label out, and give the run the embeddings of a prompt.',
      );
    }
    return { labels: [0, 1], captionTokens: checkCaptionTokens(captionTokens ?? model.maxCaptionTokens, model) };
  }
  if (captionTokens !== undefined) {
    throw new WebDiTError(
      'bad-argument',
      'The run has a number of caption tokens, but the model draws a class and reads no text.',
      'Leave captionTokens out, and give the run a label.',
    );
  }
  if (label === undefined || !Number.isInteger(label) || label < 0 || label >= model.numClasses) {
    throw new WebDiTError(
      'unknown-label',
      label === undefined
        ? 'The run has no class id, and the model draws nothing without one.'
        : `The class id ${String(label)} is not one of the model's ${model.numClasses} classes.`,
      `Use a class id from 0 to ${model.numClasses - 1}.`,
    );
  }
  return { labels: [label, model.numClasses] };
}

function checkCaptionTokens(count: number, { maxCaptionTokens: most }: PixArtConfig): number {
  if (Number.isInteger(count) && count >= 1 && count <= most) return count;
  throw new WebDiTError(
    'bad-argument',
    `A caption of ${String(count)} tokens does not fit a model that reads up to ${most}.`,
    `Pass a whole number from 1 to ${most}.`,
  );
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
