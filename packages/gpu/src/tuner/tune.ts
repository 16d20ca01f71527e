import type { Allocator } from '../allocator.ts';
import { PipelineCache } from '../pipelines.ts';
import { passesCheck } from './check.ts';
import { Deadline } from './deadline.ts';
import { TuningJob } from './job.ts';
import type { TunableOp } from './op.ts';
import type { TuningRecord } from './record.ts';
import type { TuningStore } from './store.ts';
import { ClassTimer } from './timing.ts';

export interface TuneOptions {
  /** Where records are looked up and kept. */
  readonly store?: TuningStore | undefined;
  /** Milliseconds for everything; 3000 by default. */
  readonly budgetMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Candidates compiled. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** Where the choice of kernels came from. */
export interface TuningInfo {
  /** `static`: the table for this kind of adapter; `measured`: timed in this load; `stored`: timed in an earlier one. */
  readonly source: 'static' | 'measured' | 'stored';
  /** Milliseconds this load spent on it. */
  readonly ms: number;
  /** Kernels that gave wrong results on this adapter, now or in an earlier load, or did not compile in this one: not used. */
  readonly excluded: readonly string[];
}

export interface Tuned extends TuningInfo {
  /** In the order of the ops. */
  readonly records: readonly TuningRecord[];
}

/**
 * Chooses kernel variants by timing them on this device: compiles the candidates, checks each against its op's reference, then
 * times them in turns, class by class of sizes, until the budget is used up. What is known from the store is not timed again,
 * but what will run is checked in every load, whatever time is left: drivers change.
 * @throws WebDiTError `numeric` when no variant of an op works here, `device-lost`; the signal's reason. Nothing of the unfinished
 *   is stored then, no GPU work is under way and no memory held.
 */
export async function tune(
  allocator: Allocator,
  ops: readonly TunableOp[],
  { store, budgetMs = 3000, signal, onProgress }: TuneOptions = {},
): Promise<Tuned> {
  const { holder } = allocator;
  const deadline = new Deadline(budgetMs, signal);
  const jobs = await Promise.all(ops.map((op) => TuningJob.open(op, holder, store)));
  signal?.throwIfAborted();
  const pipelines = PipelineCache.of(holder);
  try {
    for (const job of jobs) if (job.missing.length === 0) await prove(allocator, pipelines, job, signal);
    const open = jobs.filter(({ missing }) => missing.length > 0);
    if (open.length > 0) {
      await compileCandidates(pipelines, open, deadline, onProgress);
      await checkCandidates(allocator, pipelines, open, deadline);
      await timeClasses(allocator, pipelines, open, deadline);
    }
    for (const job of jobs) await prove(allocator, pipelines, job, signal);
    // What a lost device refused was no fault of the kernels.
    await holder.device.queue.onSubmittedWorkDone();
  } catch (error) {
    holder.check();
    throw error;
  }
  holder.check();
  signal?.throwIfAborted();
  for (const job of jobs) await job.save(store, deadline.elapsedMs);
  return {
    source: sourceOf(jobs),
    ms: deadline.elapsedMs,
    excluded: jobs.flatMap(({ excluded }) => excluded.map(({ kernel }) => kernel.name)),
    records: jobs.map(({ record }) => record),
  };
}

/** All at once. Those that are not done in time go on without being waited for, and count for nothing. */
async function compileCandidates(
  pipelines: PipelineCache,
  jobs: readonly TuningJob[],
  deadline: Deadline,
  onProgress: TuneOptions['onProgress'],
): Promise<void> {
  const candidates = jobs.flatMap((job) => job.candidates.map((variant) => ({ job, variant })));
  let done = 0;
  let waiting = true;
  onProgress?.(done, candidates.length);
  const compile = async ({ job, variant }: (typeof candidates)[number]) => {
    const compiles = await pipelines.attempt(variant.kernel);
    if (!waiting) return;
    if (compiles) job.compiled(variant);
    else job.refused(variant);
    onProgress?.(++done, candidates.length);
  };
  try {
    await deadline.wait(Promise.all(candidates.map(compile)));
  } finally {
    waiting = false;
  }
}

async function checkCandidates(
  allocator: Allocator,
  pipelines: PipelineCache,
  jobs: readonly TuningJob[],
  deadline: Deadline,
): Promise<void> {
  for (const job of jobs) {
    for (const variant of job.unchecked) {
      if (!deadline.hasTime) return;
      const [check] = job.op.checks;
      job.checked(variant, check, await passesCheck(allocator, pipelines, check, variant));
      deadline.signal?.throwIfAborted();
    }
  }
}

/** Checks what is about to run in all its formats, and what takes the place of that which fails. */
async function prove(
  allocator: Allocator,
  pipelines: PipelineCache,
  job: TuningJob,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (let open = job.unproven; open.length > 0; open = job.unproven) {
    const compiles = new Map<(typeof open)[number], boolean>();
    const compile = async (one: (typeof open)[number]) => {
      const { kernel } = one.check.formOf(one.variant);
      compiles.set(one, await pipelines.attempt(kernel));
    };
    await new Deadline(Number.POSITIVE_INFINITY, signal).wait(Promise.all(open.map(compile)));
    for (const one of open) {
      const { variant, check } = one;
      if (!compiles.get(one)) job.refused(variant);
      else job.checked(variant, check, await passesCheck(allocator, pipelines, check, variant));
      signal?.throwIfAborted();
    }
  }
}

async function timeClasses(
  allocator: Allocator,
  pipelines: PipelineCache,
  jobs: readonly TuningJob[],
  deadline: Deadline,
): Promise<void> {
  const timer = await ClassTimer.create(allocator, pipelines, deadline);
  try {
    for (const job of jobs) {
      for (const sizes of job.missing) {
        const variant = await timer.decide(
          sizes,
          job.usable.filter((usable) => sizes.fits?.(usable) ?? true),
        );
        if (variant === undefined) job.postponed(sizes);
        else job.decided(sizes, variant);
      }
    }
  } finally {
    timer.destroy();
  }
}

function sourceOf(jobs: readonly TuningJob[]): TuningInfo['source'] {
  if (jobs.some(({ decidedNow }) => decidedNow > 0)) return 'measured';
  return jobs.some(({ op, record }) => op.classes.some(({ key }) => record.decided[key])) ? 'stored' : 'static';
}
