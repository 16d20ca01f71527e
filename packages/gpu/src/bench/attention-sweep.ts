import { tokenCount } from '@webdit/core';
import {
  attentionKernel,
  attentionParams,
  attentionSweep,
  attentionTilings,
  attentionWorkgroups,
  firstAttention,
} from '@webdit/shaders';
import type { DeviceHolder } from '../device.ts';
import { noiseFiller } from '../noise.ts';
import { dispatchCostLimit } from '../slicer.ts';
import { staticChoice } from '../tiling.ts';
import { type BenchModel, batch, ditXL2, emojiDiT } from './models.ts';
import type { SweepGroup } from './sweep.ts';
import { attentionWork } from './work.ts';

/** Sums in one order or another. */
const tolerance = 1e-5;

const kept = Object.values(attentionTilings);
const tilings = [...kept, ...attentionSweep.filter(({ name }) => kept.every((tiling) => tiling.name !== name))];

/** Every tiling of the sweep at the sizes of emoji-dit and DiT-XL/2. */
export function attentionSweepGroups(holder: DeviceHolder, quick: boolean): SweepGroup[] {
  return (quick ? [emojiDiT] : [emojiDiT, ditXL2]).map((model) => attentionGroup(holder, model));
}

function attentionGroup(holder: DeviceHolder, { config }: BenchModel): SweepGroup {
  const tokens = tokenCount(config);
  const headDim = config.hiddenSize / config.numHeads;
  // As many heads as this adapter is given at once.
  const fitting = Math.floor(dispatchCostLimit(holder.adapterInfo) / (4 * batch * tokens * tokens * headDim));
  const heads = Math.max(1, Math.min(config.numHeads, fitting));
  const width = heads * headDim;
  const work = attentionWork({ batch, tokens, heads, width });
  const choice = staticChoice(holder).attention({ batch, tokens, heads, headDim });
  return {
    op: 'attention',
    shape: `${batch} x ${heads} x ${tokens} x ${headDim}`,
    format: 'f32',
    work,
    tolerance,
    variants: tilings.flatMap((tiling) => {
      if (tiling.memory === 'small' && tokens > tiling.keys) return [];
      const kernel = attentionKernel({ headDim, tiling, source: 'self' });
      const { name } = tiling;
      return [
        {
          name,
          kernel,
          kept: kept.includes(tiling),
          chosen: name === choice.name,
          baseline: tiling === firstAttention,
        },
      ];
    }),
    prepare(bench, variants) {
      const qkv = bench.buffer(batch * tokens * 3 * width, 'qkv');
      noiseFiller(holder.device.queue)(qkv);
      const output = bench.buffer(batch * tokens * width, 'output');
      const logSumExp = bench.buffer(batch * tokens * heads, 'log_sum_exp');
      const dispatches = variants.map(({ name, kernel }) =>
        bench.dispatch({
          kernel,
          params: attentionParams({ tokens, heads, headDim }),
          workgroups: attentionWorkgroups(tilings.find((tiling) => tiling.name === name) ?? firstAttention, {
            batch,
            tokens,
            heads,
          }),
          storage: [qkv, output, logSumExp],
          flops: work.flops,
        }),
      );
      return { dispatches, outputs: [output, logSumExp] };
    },
  };
}
