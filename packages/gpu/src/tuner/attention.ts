import {
  type AttentionTiling,
  attentionGroups,
  attentionKernel,
  attentionNumericCheck,
  attentionParams,
  attentionTilings,
  attentionWorkgroups,
} from '@webdit/shaders';
import type { BufferScope } from '../allocator.ts';
import type { DeviceHolder } from '../device.ts';
import { noiseFiller } from '../noise.ts';
import { dispatchCostLimit } from '../slicer.ts';
import type { AttentionShape, KernelChoice } from '../tiling.ts';
import type { NumericCheck, OpCase, OpVariant, TunableOp } from './op.ts';
import type { TuningRecord } from './record.ts';
import { byName, workingVariant } from './working.ts';

/** Bytes of the queries, keys and values of a timed part. */
const maxBytes = 32 * 2 ** 20;

export type AttentionCandidates = ReadonlyMap<string, AttentionTiling>;

/** What is chosen from, by name: kept tilings and the base's own, as far as this device has the features for them. */
export function attentionCandidates(
  { features }: Pick<DeviceHolder, 'features'>,
  size: AttentionShape,
  base: Pick<KernelChoice, 'attention'>,
  tilings: readonly AttentionTiling[] = Object.values(attentionTilings),
): AttentionCandidates {
  return byName(features, [...tilings, base.attention(size)]);
}

/** The class of a size; with guidance or without is the same. */
export function attentionClass({ tokens, heads }: AttentionShape): string {
  return `${tokens}x${heads}`;
}

const fits = ({ memory, keys }: AttentionTiling, tokens: number) => memory !== 'small' || tokens <= keys;

/** Self-attention of one head dim, as the tuner sees it. Variants are named by their tilings. */
export function attentionOp(
  holder: DeviceHolder,
  size: AttentionShape,
  base: Pick<KernelChoice, 'attention'>,
  candidates: AttentionCandidates,
): TunableOp {
  const { headDim, tokens } = size;
  const incumbent = base.attention(size);
  const tilingOf = ({ name }: OpVariant) => candidates.get(name) as AttentionTiling;
  const variants = [...candidates.values()].map((tiling): OpVariant => {
    return { name: tiling.name, kernel: attentionKernel({ headDim, tiling, source: 'self' }) };
  });
  return {
    name: `attention.d${headDim}`,
    variants,
    classes: [
      {
        key: attentionClass(size),
        incumbent: incumbent.name,
        fits: (variant) => fits(tilingOf(variant), tokens),
        cut: (flops) => {
          const part = cutAttention(holder, size, flops);
          return caseOf(part.size, part.share, tilingOf, (qkv) => noiseFiller(holder.device.queue)(qkv));
        },
      },
    ],
    checks: [checkedCase(headDim, tilingOf)],
    inUse: (known) => [tunedAttention(base, known, candidates)(size).name],
  };
}

/** As many heads as the work, the adapter and its bindings allow; of one head, if that is too much, a share of its queries. */
export function cutAttention(
  { adapterInfo, maxStorageBufferBindingSize }: Pick<DeviceHolder, 'adapterInfo' | 'maxStorageBufferBindingSize'>,
  { batch, tokens, heads, headDim }: AttentionShape,
  flops: number,
): { readonly size: AttentionShape; readonly share: number } {
  const perHead = 4 * batch * tokens * tokens * headDim;
  const byWork = Math.min(flops, dispatchCostLimit(adapterInfo)) / perHead;
  const byBytes = Math.min(maxBytes, maxStorageBufferBindingSize) / (batch * tokens * 3 * headDim * 4);
  const size = { batch, tokens, headDim, heads: Math.max(1, Math.min(heads, Math.floor(Math.min(byWork, byBytes)))) };
  return { size, share: Math.min(1, byWork / size.heads) };
}

function checkedCase(headDim: number, tilingOf: (variant: OpVariant) => AttentionTiling): NumericCheck {
  const { size, qkv, expected, tolerance } = attentionNumericCheck(headDim);
  const made = caseOf(size, 1, tilingOf, (buffer, { allocator }) =>
    allocator.holder.device.queue.writeBuffer(buffer, 0, qkv as Float32Array<ArrayBuffer>),
  );
  return { ...made, formOf: (variant) => variant, expected: [expected.output, expected.logSumExp], tolerance };
}

/** @param share of the attention's workgroups that one execution computes. */
function caseOf(
  size: AttentionShape,
  share: number,
  tilingOf: (variant: OpVariant) => AttentionTiling,
  fill: (qkv: GPUBuffer, scope: BufferScope) => void,
): OpCase {
  const { batch, tokens, heads, headDim } = size;
  const rows = batch * tokens * heads;
  const flops = 4 * rows * tokens * headDim * share;
  return {
    flops,
    prepare(scope) {
      const qkv = scope.storage('tuner.qkv', 3 * rows * headDim);
      fill(qkv, scope);
      const outputs = [scope.storage('tuner.output', rows * headDim), scope.storage('tuner.logSumExp', rows)];
      return {
        outputs,
        dispatch: (variant) => {
          const tiling = tilingOf(variant);
          const count = Math.ceil(attentionGroups(tiling, size) * share);
          return {
            kernel: variant.kernel,
            params: attentionParams(size),
            storage: [qkv, ...outputs],
            workgroups: attentionWorkgroups(tiling, { ...size, count }),
            cost: flops,
          };
        },
      };
    },
  };
}

/** The attention choice of a record: where nothing was decided, what the base chooses, unless that failed its check here. */
export function tunedAttention(
  base: Pick<KernelChoice, 'attention'>,
  { decided, checked }: Pick<TuningRecord, 'decided' | 'checked'>,
  candidates: AttentionCandidates,
): KernelChoice['attention'] {
  return (size) => {
    const usual = base.attention(size);
    const wanted = candidates.get(decided[attentionClass(size)] ?? '') ?? usual;
    const others = [...candidates.values()].filter((other) => fits(other, size.tokens));
    return workingVariant('attention', wanted, [usual, ...others], checked);
  };
}
