import type { Allocator } from '../allocator.ts';
import { PipelineCache } from '../pipelines.ts';
import { checkError } from './check.ts';
import { Deadline } from './deadline.ts';
import { TuningJob } from './job.ts';
import type { NumericCheck, OpVariant, TunableOp } from './op.ts';
import type { TuningRecord } from './record.ts';
import type { TuningStore } from './store.ts';

/** One kernel variant on the awkward case of its op. */
export interface KernelCheck {
  /** Such as `attention.d64` or `matmul.packed-f16`. */
  readonly op: string;
  /** The kernel, in the number format it was checked in. */
  readonly kernel: string;
  /** Worst deviation over the root mean square of what is expected; null when it does not compile or wrote no number. */
  readonly error: number | null;
  readonly tolerance: number;
  readonly compiles: boolean;
  /** It compiled, and its error is within the tolerance. */
  readonly ok: boolean;
  /** This adapter does without it: it failed now, or in an earlier check, which no later pass makes up for. */
  readonly disabled: boolean;
}

export interface CheckKernelsOptions {
  /** Where failures are kept for later loads. */
  readonly store?: TuningStore | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called after each check. */
  readonly onProgress?: ((done: number, total: number, check: KernelCheck) => void) | undefined;
}

/**
 * Checks every variant of the ops on this device, in every format it runs on, those that failed before among them. What fails
 * is stored, so that later loads do without it.
 * @returns a check for each, and what is known about the ops now, in their order.
 * @throws WebDiTError `out-of-memory`, `device-lost`; the signal's reason. Nothing is stored then.
 */
export async function checkKernels(
  allocator: Allocator,
  ops: readonly TunableOp[],
  { store, signal, onProgress }: CheckKernelsOptions = {},
): Promise<{ readonly checks: readonly KernelCheck[]; readonly records: readonly TuningRecord[] }> {
  const { holder } = allocator;
  const deadline = new Deadline(Number.POSITIVE_INFINITY, signal);
  const jobs = await Promise.all(ops.map((op) => TuningJob.open(op, holder, store)));
  signal?.throwIfAborted();
  const cases = jobs.flatMap((job) =>
    job.op.variants.flatMap((variant) => job.op.checks.map((check) => ({ job, variant, check }))),
  );
  const isDisabled = ({ job, variant }: (typeof cases)[number]) => job.record.checked[variant.name] === false;
  const checks: KernelCheck[] = [];
  try {
    // One at a time: the compiler of a software adapter would take every core from the page.
    for (const one of cases) {
      const error = await tryVariant(allocator, one, deadline);
      // What a lost device refused is no fault of the kernel's.
      holder.check();
      const { job, variant, check } = one;
      const ok = error !== null && error <= check.tolerance;
      if (error === null) job.refused(variant);
      else job.checked(variant, check, ok);
      const made: KernelCheck = {
        op: job.op.name,
        kernel: check.formOf(variant).kernel.name,
        error: Number.isNaN(error) ? null : error,
        tolerance: check.tolerance,
        compiles: error !== null,
        ok,
        disabled: isDisabled(one),
      };
      checks.push(made);
      onProgress?.(checks.length, cases.length, made);
    }
    await holder.device.queue.onSubmittedWorkDone();
  } catch (error) {
    holder.check();
    throw error;
  }
  holder.check();
  for (const job of jobs) await job.save(store, 0);
  return {
    // A variant may have failed in another format than its first.
    checks: checks.map((check, i) => ({ ...check, disabled: isDisabled(cases[i] as (typeof cases)[number]) })),
    records: jobs.map(({ record }) => record),
  };
}

/** The variant's error, NaN included; null when it does not compile. @throws the signal's reason. */
async function tryVariant(
  allocator: Allocator,
  { variant, check }: { readonly variant: OpVariant; readonly check: NumericCheck },
  deadline: Deadline,
): Promise<number | null> {
  const pipelines = PipelineCache.of(allocator.holder);
  const { kernel } = check.formOf(variant);
  let compiles = false;
  const compiling = pipelines.attempt(kernel).then((done) => {
    compiles = done;
  });
  await deadline.wait(compiling);
  if (!compiles) return null;
  const error = await checkError(allocator, pipelines, check, variant);
  deadline.signal?.throwIfAborted();
  return error;
}
