import { mebibytes, type RunPlan, type TransformerConfig, WebDiTError } from '@webdit/core';
import { type DeviceGrants, MemoryCount, type RunMemory } from '@webdit/gpu';
import type { DType } from '../types.ts';
import { attempt } from './attempt.ts';
import { noDecoder } from './decoder-count.ts';

/** What loading a model and running a plan take, in bytes. */
export interface Needs extends RunMemory {
  readonly weights: number;
  readonly loading: number;
  /** Most at once, a VAE's decoder in WGSL included: it decodes beside a transformer that is ready to run again. */
  readonly total: number;
}

/** A run, under the name its cache policy was asked for by. */
export interface NamedPlan {
  readonly policy: string;
  readonly plan: RunPlan;
}

/** Dtypes from the largest to the smallest. */
const dtypesBySize: readonly DType[] = ['f32', 'f16', 'int8'];

/** The GPU memory a model takes on one device, by dtype and plan; counted when it is asked for. */
export class MemoryTable {
  private readonly counts = new Map<DType, MemoryCount>();
  private readonly runs = new Map<RunPlan, Map<DType, RunMemory>>();

  constructor(
    readonly config: TransformerConfig,
    readonly grants: DeviceGrants,
    /** Most bytes there may be in all. */
    readonly memory = Number.POSITIVE_INFINITY,
    readonly decoder = noDecoder,
  ) {}

  /** Of weights alone. @throws WebDiTError `out-of-memory` for a buffer beyond the device's limits, `unsupported-config`. */
  count(dtype: DType): MemoryCount {
    const count = this.counts.get(dtype) ?? new MemoryCount(this.config, dtype, this.grants);
    this.counts.set(dtype, count);
    return count;
  }

  /** @throws WebDiTError like `count`. */
  needs(dtype: DType, plan: RunPlan): Needs {
    const { weights, loading } = this.count(dtype);
    const run = this.runOf(dtype, plan);
    const decoder = this.decoder(dtype);
    const running = weights + run.activations + run.cache;
    const total = Math.max(loading + decoder.weights, running + decoder.weights + decoder.activations);
    return { ...run, weights, loading, total };
  }

  private runOf(dtype: DType, plan: RunPlan): RunMemory {
    const known = this.runs.get(plan) ?? new Map<DType, RunMemory>();
    const run = known.get(dtype) ?? this.count(dtype).run(plan);
    this.runs.set(plan, known.set(dtype, run));
    return run;
  }

  /**
   * Why a run is not possible here and what to change, or null.
   * @param others plans of other cache policies, of which one may fit.
   */
  refusal(dtype: DType, run: NamedPlan, others: readonly NamedPlan[]): WebDiTError | null {
    const refused = this.obstacle(dtype, run);
    if (refused?.code !== 'out-of-memory') return refused;
    return new WebDiTError('out-of-memory', refused.message, this.remedy(dtype, run, others), { cause: refused });
  }

  /** What to do where the GPU had no room for what its limits allow. */
  lessMemory(dtype: DType, plan: RunPlan): string {
    const [next] = smallerThan(dtype);
    if (!next) return 'Use a smaller model, or close other tabs that use the GPU.';
    const [now, then] = [dtype, next].map((each) => mebibytes(this.needs(each, plan).total));
    return `Use dtype ${next}, which takes ${then} in place of ${now}, or close other tabs that use the GPU.`;
  }

  private obstacle(dtype: DType, { policy, plan }: NamedPlan): WebDiTError | null {
    const needs = attempt(() => this.needs(dtype, plan));
    if (needs instanceof WebDiTError) return needs;
    if (needs.total <= this.memory) return null;
    return new WebDiTError(
      'out-of-memory',
      `With dtype ${dtype} and the cache policy ${policy} this model takes ${mebibytes(needs.total)} of GPU memory, more than the ${mebibytes(this.memory)} there are.`,
      'Use a smaller model.',
    );
  }

  /** The smallest change that fits: another policy before a smaller dtype, and that before both. */
  private remedy(dtype: DType, run: NamedPlan, others: readonly NamedPlan[]): string {
    const runs = [run, ...others.filter(({ policy }) => policy !== run.policy)];
    for (const other of [dtype, ...smallerThan(dtype)]) {
      const fitting = runs.find((candidate) => this.obstacle(other, candidate) === null);
      if (!fitting) continue;
      const changes = [
        ...(other === dtype ? [] : [`dtype ${other}`]),
        ...(fitting === run ? [] : [`the cache policy ${fitting.policy}`]),
      ];
      return `Use ${changes.join(' and ')}: that takes ${mebibytes(this.needs(other, fitting.plan).total)}.`;
    }
    return 'No dtype and no cache policy makes it fit: use a smaller model, or an adapter that allows more.';
  }
}

const smallerThan = (dtype: DType) => dtypesBySize.slice(dtypesBySize.indexOf(dtype) + 1);
