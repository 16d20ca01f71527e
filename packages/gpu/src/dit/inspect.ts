import { type Branch, latentPlane } from '@webdit/core';
import type { BufferScope } from '../allocator.ts';
import { uniformSlotBytes } from '../pipelines.ts';
import { readFloats } from '../readback.ts';
import type { Slicer } from '../slicer.ts';
import type { DiTGraph } from './graph.ts';

/** What an uncached step computed, on the CPU. */
export interface InspectedStep {
  readonly n: number;
  readonly width: number;
  /** Token state that leaves the blocks, `[batch, tokens, width]`. */
  readonly hidden: Float32Array;
  /** Token state that enters block 0. */
  readonly entering: Float32Array;
  /** What block 0's attention reads: the normed and modulated token state. */
  readonly modulated: Float32Array;
  /** `[batch, outChannels, height, width]`. */
  readonly prediction: Float32Array;
  /** Each layer's outputs before their gate; none of branches the model has not, `[depth]` of `[batch, tokens, width]`. */
  readonly branches: Readonly<Record<Branch, readonly Float32Array[]>>;
}

/** Reads what each step has computed before its sampler update. The loop waits for it: for calibration, not for pictures. */
export class StepInspector {
  constructor(
    readonly graph: DiTGraph,
    readonly scope: BufferScope,
    readonly visit: (step: InspectedStep) => void,
  ) {}

  async afterBlocks(n: number, slicer: Slicer): Promise<void> {
    const { graph, scope } = this;
    const { holder } = scope.allocator;
    const { rows, config } = graph.ops;
    const state = rows * config.hiddenSize;
    const read = (buffer: GPUBuffer, elements: number, first = 0) => readFloats(holder, scope, buffer, elements, first);
    await slicer.finish();
    const hidden = await read(graph.hidden, state);
    const prediction = await read(graph.prediction, graph.shape.batch * config.outChannels * latentPlane(config));
    const [cache] = graph.caches;
    if (!cache) throw new RangeError('Only a step that stores its branch outputs can be inspected');
    const outputs: Record<Branch, Float32Array[]> = { attn: [], cross: [], mlp: [] };
    for (let layer = 0; layer < config.depth; layer++) {
      for (const branch of graph.ops.branches) {
        const { buffer, offset } = cache.slot(layer, branch);
        outputs[branch].push(await read(buffer, state, offset));
      }
    }
    // the blocks have moved the token state on: what entered them is made again
    const [first] = graph.blocks;
    await slicer.add(n, n * uniformSlotBytes, [...graph.embed, ...(first ? [first.entry] : [])]);
    await slicer.finish();
    const entering = await read(graph.hidden, state);
    const modulated = await read(graph.work.normed, state);
    this.visit({ n, width: config.hiddenSize, hidden, entering, modulated, prediction, branches: outputs });
  }
}
