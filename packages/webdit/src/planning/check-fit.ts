import { compileRunPlan, WebDiTError } from '@webdit/core';
import { type DeviceHolder, grantsOf } from '@webdit/gpu';
import type { ModelFolder } from '@webdit/weights';
import type { DType } from '../types.ts';
import { anyCondition } from './any-condition.ts';
import { decoderCount } from './decoder-count.ts';
import { MemoryTable } from './memory-table.ts';

type CheckedFolder = Pick<ModelFolder, 'config' | 'scheduler' | 'defaults' | 'vae'>;

/** Whether a model fits a device, asked before its weights are fetched. */
export class FitCheck {
  private constructor(
    private readonly folder: CheckedFolder,
    private readonly dtype: DType,
    private readonly table: MemoryTable,
  ) {}

  static async of(folder: CheckedFolder, dtype: DType, holder: DeviceHolder): Promise<FitCheck> {
    const grants = grantsOf(holder);
    const decoder = await decoderCount(folder, grants);
    return new FitCheck(folder, dtype, new MemoryTable(folder.config, grants, undefined, decoder));
  }

  /** @throws WebDiTError `out-of-memory` for a model with a buffer that the device does not allow; `unsupported-config`. */
  refuse(): void {
    const refusal = this.table.refusal(this.dtype, { policy: 'none', plan: this.plan }, []);
    if (refusal) throw refusal;
  }

  /** What a failed load means: where the GPU had no room, with what would take less. */
  explain(error: unknown): unknown {
    if (!(error instanceof WebDiTError) || error.code !== 'out-of-memory') return error;
    return new WebDiTError(error.code, error.message, this.table.lessMemory(this.dtype, this.plan), { cause: error });
  }

  private get plan() {
    const { config: model, scheduler: sampler, defaults } = this.folder;
    const { numInferenceSteps: steps, guidanceScale } = defaults;
    return compileRunPlan({ model, sampler, steps, guidanceScale, ...anyCondition(model) });
  }
}
