import type { Allocator } from '../allocator.ts';
import type { KernelChoice } from '../tiling.ts';
import { type CheckKernelsOptions, checkKernels, type KernelCheck } from './check-kernels.ts';
import { chooseKernels, type TuningOptions, untuned } from './choose.ts';
import { DiTKernels, onlyFailures, type TunedModel, withoutFailed } from './dit-kernels.ts';
import type { TuningInfo } from './tune.ts';

/** Which kernels a loaded model runs, from its load on. */
export class ModelKernels {
  choice: KernelChoice;
  /** Where the choice came from. */
  info: TuningInfo = untuned;

  constructor(
    readonly allocator: Allocator,
    readonly model: TunedModel,
    /** What tuning starts from. */
    readonly base: KernelChoice,
    /** Without, the base is the choice. */
    readonly options: TuningOptions | undefined,
  ) {
    this.choice = base;
  }

  /** @returns how many candidates were compiled for it. @throws as `chooseKernels`. */
  async tune(onCompiled?: (done: number, total: number) => void, signal?: AbortSignal): Promise<number> {
    if (!this.options) return 0;
    let candidates = 0;
    const { choice, info } = await chooseKernels(this.allocator, this.model, this.base, this.options, {
      signal,
      onProgress: (done, total) => {
        candidates = total;
        onCompiled?.(done, total);
      },
    });
    this.choice = choice;
    this.info = info;
    return candidates;
  }

  /**
   * Checks every variant there is, and takes those that fail out of the choice. What the new choice needs is requested.
   * @throws WebDiTError `numeric` when no variant of an op works, and as `checkKernels`.
   */
  async check(hooks: Pick<CheckKernelsOptions, 'signal' | 'onProgress'>): Promise<readonly KernelCheck[]> {
    const { allocator, base, options } = this;
    const kernels = new DiTKernels(allocator.holder, this.model, base, options?.tilings);
    const { checks, records } = await checkKernels(allocator, kernels.ops, { store: options?.store, ...hooks });
    const excluded = [...new Set(checks.flatMap(({ disabled, kernel }) => (disabled ? [kernel] : [])))];
    this.info = { ...this.info, excluded };
    this.choice = withoutFailed(this.choice, kernels.choiceOf(onlyFailures(records)), records);
    kernels.request(this.choice);
    return checks;
  }
}
