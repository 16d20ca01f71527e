import {
  bytesPerWeight,
  firstTiling,
  type MatmulSize,
  type MatmulWeights,
  matmulKernel,
  matmulStoreParams,
  matmulSweep,
  matmulTilings,
  matmulWeights,
  matmulWorkgroups,
} from '@webdit/shaders';
import type { DeviceHolder } from '../device.ts';
import { noiseFiller } from '../noise.ts';
import { dispatchCostLimit } from '../slicer.ts';
import { staticChoice } from '../tiling.ts';
import { ditXL2, emojiDiT } from './models.ts';
import type { SweepGroup } from './sweep.ts';
import { matmulWork } from './work.ts';

/** Products of halves are rounded to halves; everything else adds up f32 in one order or another. */
const tolerance = (weights: MatmulWeights) => (weights === 'f16' ? 5e-3 : 1e-5);

/** A wide and a long linear of emoji-dit, and one over selected tokens. */
const everyFormat: readonly MatmulSize[] = [
  { rows: 128, K: emojiDiT.config.hiddenSize, N: 3 * emojiDiT.config.hiddenSize },
  { rows: 128, K: emojiDiT.config.mlpHiddenSize, N: emojiDiT.config.hiddenSize },
  { rows: 8, K: emojiDiT.config.hiddenSize, N: emojiDiT.config.mlpHiddenSize },
];

/** The modulation table of a run and of one step, and a linear of DiT-XL/2. */
const f32Only: readonly MatmulSize[] = [
  { rows: 100, K: emojiDiT.config.hiddenSize, N: 6 * emojiDiT.config.hiddenSize },
  { rows: 2, K: emojiDiT.config.hiddenSize, N: 6 * emojiDiT.config.hiddenSize },
  { rows: 512, K: ditXL2.config.hiddenSize, N: 3 * ditXL2.config.hiddenSize },
];

function sizes(weights: MatmulWeights, quick: boolean): readonly MatmulSize[] {
  return quick || weights !== 'f32' ? everyFormat : [...everyFormat, ...f32Only];
}

/** Every tiling of the sweep at every size and for every kind of weights this device multiplies. */
export function matmulSweepGroups(holder: DeviceHolder, quick: boolean): SweepGroup[] {
  const kinds = matmulWeights.filter((weights) => weights !== 'f16' || holder.features.has('shader-f16'));
  return kinds.flatMap((weights) =>
    sizes(weights, quick).map((size) => matmulGroup(holder, weights, cut(holder, size))),
  );
}

/** More than 128 rows are cut to what this adapter is given at once, in whole multiples of 128 so that no tile is cut; 128 at least. */
function cut(holder: DeviceHolder, { rows, K, N }: MatmulSize): MatmulSize {
  const fitting = Math.floor(dispatchCostLimit(holder.adapterInfo) / (2 * K * N));
  return { rows: rows <= fitting ? rows : Math.min(rows, Math.max(128, fitting - (fitting % 128))), K, N };
}

function matmulGroup(holder: DeviceHolder, weights: MatmulWeights, size: MatmulSize): SweepGroup {
  const { rows, K, N } = size;
  const choice = staticChoice(holder, weights).matmul(size);
  const work = matmulWork(size, weights);
  return {
    op: 'matmul',
    shape: `${rows} x ${K} x ${N}`,
    format: weights,
    work,
    tolerance: tolerance(weights),
    variants: matmulSweep.map((tiling) => ({
      name: tiling.name,
      kernel: matmulKernel({ tiling, weights, epilogue: 'store' }),
      kept: matmulTilings.some(({ name }) => name === tiling.name),
      chosen: tiling.name === choice.name,
      baseline: tiling.name === firstTiling.name,
    })),
    prepare(bench, variants) {
      const fill = noiseFiller(holder.device.queue);
      const input = bench.buffer(rows * K, 'input');
      const matrix = bench.buffer(Math.ceil((K * N * bytesPerWeight[weights]) / 4), 'weights');
      const bias = bench.buffer(2 * N, 'bias');
      for (const buffer of [input, bias]) fill(buffer);
      fill(matrix, weights === 'f32' || weights === 'int8' ? 'f32' : 'f16');
      const output = bench.buffer(rows * N, 'output');
      const tilings = variants.map((variant) => matmulSweep.find(({ name }) => name === variant.name) ?? firstTiling);
      const dispatches = variants.map(({ kernel }, i) =>
        bench.dispatch({
          kernel,
          params: matmulStoreParams(size),
          workgroups: matmulWorkgroups(tilings[i] ?? firstTiling, rows, N),
          storage: [input, matrix, bias, output],
          flops: work.flops,
        }),
      );
      return { dispatches, outputs: [output] };
    },
  };
}
