import type { Kernel } from '@webdit/shaders';
import type { BufferScope } from '../allocator.ts';
import type { DispatchSpec } from '../program.ts';
import type { TuningRecord } from './record.ts';

/** An op with several kernels that do the same: what the tuner chooses between, and where. */
export interface TunableOp {
  /** Names the op and what its kernels work on, such as `matmul.packed-f16`. */
  readonly name: string;
  /** Only those this device has the features for. */
  readonly variants: readonly OpVariant[];
  /** Classes of sizes to decide on, those that matter most first. */
  readonly classes: readonly SizeClass[];
  /** Of what is timed, and then of other formats that the same variants run on. */
  readonly checks: readonly [NumericCheck, ...NumericCheck[]];
  /**
   * Names of the variants that run when this is known.
   * @throws WebDiTError `numeric` when all failed.
   */
  inUse(known: Pick<TuningRecord, 'decided' | 'checked'>): readonly string[];
}

export interface OpVariant {
  readonly name: string;
  readonly kernel: Kernel;
}

/** Sizes that get the same variant, and one of them that is timed. */
export interface SizeClass {
  readonly key: string;
  /** The variant of the static table: what others have to beat. */
  readonly incumbent: string;
  /** Which variants can do these sizes; by default all. */
  fits?(variant: OpVariant): boolean;
  /** The op at this size, or a part of it of about `flops`. */
  cut(flops: number): OpCase;
}

/** One execution of an op, on buffers of its own. */
export interface OpCase {
  /** Work of one execution. */
  readonly flops: number;
  prepare(scope: BufferScope): PreparedCase;
}

export interface PreparedCase {
  readonly outputs: readonly GPUBuffer[];
  dispatch(variant: OpVariant): DispatchSpec;
}

/** A small awkward case with a known result. */
export interface NumericCheck extends OpCase {
  /** The variant as it is checked: its kernel for the format of this check. */
  formOf(variant: OpVariant): OpVariant;
  /** By output. */
  readonly expected: readonly ArrayLike<number>[];
  /** Largest allowed deviation over the root mean square of what is expected. */
  readonly tolerance: number;
}
