import * as kernels from '@webdit/shaders';
import type { BufferScope } from '../allocator.ts';
import type { Dispatch } from '../program.ts';
import type { BranchSlot, DiTOps } from './ops.ts';

/** Branches of a DiT block whose outputs are cached, in the order the block adds them. */
export const branches = ['attn', 'mlp'] as const;
export type Branch = (typeof branches)[number];

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
  ) {
    const entries = ops.config.depth * branches.length;
    this.#entryElements = ops.rows * ops.config.hiddenSize;
    const limit = scope.allocator.holder.maxStorageBufferBindingSize;
    const perSlab = Math.max(1, Math.floor(limit / (this.#entryElements * 4)));
    const slabs: Slab[] = [];
    for (let first = 0; first < entries; first += perSlab) {
      const count = Math.min(perSlab, entries - first);
      slabs.push({ buffer: scope.storage(`cache.${first}`, count * this.#entryElements), first, count });
    }
    this.#slabs = slabs;
  }

  slot(layer: number, branch: Branch): BranchSlot {
    const entry = this.entry(layer, branch);
    const slab = this.#slabs.find(({ first, count }) => entry >= first && entry < first + count) as Slab;
    return { buffer: slab.buffer, offset: (entry - slab.first) * this.#entryElements };
  }

  entry(layer: number, branch: Branch): number {
    return layer * branches.length + branches.indexOf(branch);
  }

  /** hidden += gate x cached output of entries `from` to `to` (exclusive), in order: one dispatch per slab they lie in. */
  sum(ops: DiTOps, hidden: GPUBuffer, from: number, to: number): Dispatch[] {
    return this.#slabs.flatMap((slab) => {
      const first = Math.max(from, slab.first);
      const count = Math.min(to, slab.first + slab.count) - first;
      return count > 0 ? [this.#sumOf(ops, hidden, slab, first, count)] : [];
    });
  }

  #sumOf(ops: DiTOps, hidden: GPUBuffer, slab: Slab, first: number, count: number): Dispatch {
    const { rows, tokens, table, config } = ops;
    return ops.builder.add({
      kernel: kernels.gatedSumKernel,
      constants: kernels.gatedSumConstants(config.hiddenSize),
      params: kernels.gatedSumParams({ rows, tokens, first, count, slabFirst: slab.first, modulationRows: table.rows }),
      storage: [hidden, table.buffer, slab.buffer],
      workgroups: kernels.flatWorkgroups((rows * config.hiddenSize) / 4),
      cost: 2 * rows * config.hiddenSize * count,
    });
  }
}
