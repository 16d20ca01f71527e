import type { TransformerConfig } from '@webdit/core';
import { type MatmulSize, type MatmulWeights, matmulKernel } from '@webdit/shaders';
import type { DeviceHolder } from '../device.ts';
import { PipelineCache } from '../pipelines.ts';
import type { KernelChoice } from '../tiling.ts';
import { attentionCandidates, attentionOp, tunedAttention } from './attention.ts';
import type { TuningOptions } from './choose.ts';
import { ditAttentionSize, ditMatmulSizes, ditOuterMatmulSizes } from './dit-sizes.ts';
import { matmulCandidates, matmulOp, tunedMatmul } from './matmul.ts';
import type { TunableOp } from './op.ts';
import type { TuningRecord } from './record.ts';

/** The DiT whose kernels are chosen, and what its linears are multiplied in. */
export interface TunedModel {
  readonly config: TransformerConfig;
  readonly weights: MatmulWeights;
}

/** What is known about the ops of a DiT, in their order. */
type Known = readonly Pick<TuningRecord, 'decided' | 'checked'>[];

/** The ops of a DiT that have several kernels, and the choice that what is known about them makes. */
export class DiTKernels {
  readonly ops: readonly TunableOp[];
  /** The sizes of its linears that are worth timing. */
  readonly sizes: readonly MatmulSize[];
  /** @throws WebDiTError `numeric`, when the choice is asked for a size at which no variant works. */
  readonly choiceOf: (known: Known) => KernelChoice;

  constructor(
    readonly holder: DeviceHolder,
    readonly model: TunedModel,
    base: KernelChoice,
    tilings: TuningOptions['tilings'] = {},
  ) {
    const { config, weights } = model;
    const sizes = ditMatmulSizes(config);
    const untimed = ditOuterMatmulSizes(config);
    const attentionSize = ditAttentionSize(config);
    const attention = attentionCandidates(holder, attentionSize, base, tilings.attention);
    const matmul = matmulCandidates(holder, { sizes, untimed, base }, tilings.matmul);
    this.sizes = sizes;
    // Attention has one class, so that it takes little of the budget.
    this.ops = [
      attentionOp(holder, attentionSize, base, attention),
      matmulOp(holder, {
        weights,
        // What bytes are too coarse for lies beside them as halves.
        alsoOn: weights === 'int8' ? ['packed-f16'] : [],
        sizes,
        untimed,
        base,
        candidates: matmul,
      }),
    ];
    this.choiceOf = (known) => {
      const [ofAttention, ofMatmul] = known as [Known[number], Known[number]];
      return {
        ...base,
        attention: tunedAttention(base, ofAttention, attention),
        matmul: tunedMatmul(base, ofMatmul, matmul),
      };
    };
  }

  /** Requests the pipelines of a choice, for `PipelineCache.compile`. */
  request(choice: KernelChoice): void {
    const pipelines = PipelineCache.of(this.holder);
    const { weights } = this.model;
    for (const size of this.sizes) {
      pipelines.request(matmulKernel({ tiling: choice.matmul(size), weights, epilogue: 'store' }));
    }
  }
}

/** What failed, and nothing of what was timed: for a choice that is not tuned. */
export function onlyFailures(known: Known): Known {
  return known.map(({ checked }) => ({ decided: {}, checked }));
}

/** A choice with `safe` in place of the variants that failed. */
export function withoutFailed(choice: KernelChoice, safe: KernelChoice, known: Known): KernelChoice {
  const [attention, matmul] = known as [Known[number], Known[number]];
  return {
    ...choice,
    attention: (size) => {
      const wanted = choice.attention(size);
      return attention.checked[wanted.name] === false ? safe.attention(size) : wanted;
    },
    matmul: (size) => {
      const wanted = choice.matmul(size);
      return matmul.checked[wanted.name] === false ? safe.matmul(size) : wanted;
    },
  };
}
