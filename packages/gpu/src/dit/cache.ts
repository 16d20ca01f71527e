import type { Branch } from '@webdit/core';
import * as kernels from '@webdit/shaders';
import type { BufferScope } from '../allocator.ts';
import type { Dispatch } from '../program.ts';
import type { BranchSlot, DiTOps } from './ops.ts';

/** The weight of every entry, `[depth x branches]` from element `first`. */
export interface EntryWeights {
  readonly buffer: GPUBuffer;
  readonly first: number;
}

interface Slab {
  readonly buffer: GPUBuffer;
  /** First entry, and how many: entry = layer x branches + branch. */
  readonly first: number;
  readonly count: number;
}

/**
 * Outputs of every (layer, branch) before their adaLN gate, `[layer][branch][row][token][channel]`, f32, in slabs that this
 * device can bind.
 */
export class FeatureCache {
  readonly #slabs: readonly Slab[];
  readonly #entryElements: number;

  constructor(
    readonly ops: DiTOps,
    scope: BufferScope,
    generation = 0,
  ) {
    const { entries } = ops;
    this.#entryElements = ops.rows * ops.config.hiddenSize;
    const limit = scope.allocator.holder.maxStorageBufferBindingSize;
    const perSlab = Math.max(1, Math.floor(limit / (this.#entryElements * 4)));
    const slabs: Slab[] = [];
    for (let first = 0; first < entries; first += perSlab) {
      const count = Math.min(perSlab, entries - first);
      slabs.push({ buffer: scope.storage(`cache.${generation}.${first}`, count * this.#entryElements), first, count });
    }
    this.#slabs = slabs;
  }

  get byteLength(): number {
    return this.#slabs.reduce((sum, { buffer }) => sum + buffer.size, 0);
  }

  slot(layer: number, branch: Branch): BranchSlot {
    const entry = this.ops.entryOf(layer, branch);
    const slab = this.#slabs.find(({ first, count }) => entry >= first && entry < first + count) as Slab;
    return { buffer: slab.buffer, offset: (entry - slab.first) * this.#entryElements };
  }

  /**
   * hidden += gate x weight x cached output of entries `from` to `to` (exclusive), in order: one dispatch per slab they lie in.
   */
  sum(ops: DiTOps, hidden: GPUBuffer, from: number, to: number, weights: EntryWeights): Dispatch[] {
    return this.#slabs.flatMap((slab) => {
      const first = Math.max(from, slab.first);
      const count = Math.min(to, slab.first + slab.count) - first;
      return count > 0 ? [gatedSum(ops, hidden, slab, { first, count, weights })] : [];
    });
  }
}

/** One branch output, added as the sum over a cache would add it, wherever it lies. */
export function addBranch(
  ops: DiTOps,
  hidden: GPUBuffer,
  branch: BranchSlot & { readonly entry: number },
  weights: EntryWeights = { buffer: ops.table.buffer, first: ops.table.ones - branch.entry },
): Dispatch {
  const { buffer, offset, entry } = branch;
  const slab = { buffer, first: entry - offset / (ops.rows * ops.config.hiddenSize) };
  return gatedSum(ops, hidden, slab, { first: entry, count: 1, weights });
}

function gatedSum(
  ops: DiTOps,
  hidden: GPUBuffer,
  slab: Pick<Slab, 'buffer' | 'first'>,
  { first, count, weights }: { first: number; count: number; weights: EntryWeights },
): Dispatch {
  const { rows, tokens, table, config } = ops;
  return ops.builder.add({
    kernel: kernels.gatedSumKernel,
    constants: kernels.gatedSumConstants({ C: config.hiddenSize, branches: ops.branches.length }),
    params: kernels.gatedSumParams({
      ...{ rows, tokens, first, count },
      slabFirst: slab.first,
      modulationRows: table.rows,
      firstWeight: weights.first,
    }),
    storage: [hidden, table.buffer, slab.buffer, weights.buffer],
    workgroups: kernels.flatWorkgroups((rows * config.hiddenSize) / 4),
    cost: 2 * rows * config.hiddenSize * count,
  });
}
