import { describe, expect, test } from 'vitest';
import { randomValues, runKernel, worstError } from '../../testing/run-kernel.ts';
import {
  type LayerNormTiling,
  layerNormConstants,
  layerNormParams,
  layerNormResidualParams,
  layerNormSelectedParams,
  layerNormVariants,
  layerNormWorkgroups,
} from './index.ts';
import { layerNormReference } from './reference.ts';

// Four times the worst measured: 4.9e-7 on ordinary rows, 3.3e-5 on rows of variance 1e-6 around 1, where the rounding of
// the f32 mean alone (6e-8 of 1.7e-3) costs that much. The register kernel corrects its mean, and is left with that of its
// sums; not where the residual itself has been rounded.
const tolerance = 2e-6;
const flatRowTolerance = (name: string) => (/register\.(all|selected)/.test(name) ? 1e-6 : 1.3e-4);

describe.each(layerNormVariants.map((kernel) => [kernel.name, kernel] as const))('%s', (name, kernel) => {
  const tiling = name.split('.')[1] as LayerNormTiling;
  const gathers = name.endsWith('selected');
  const adds = name.endsWith('residual');

  test.each([
    { rows: 1, C: 4, tokens: 1 },
    { rows: 6, C: 32, tokens: 3 },
    { rows: 10, C: 144, tokens: 5 },
    { rows: 4, C: 1152, tokens: 2 },
  ])('$rows rows of $C', async ({ rows, C, tokens }) => {
    const input = randomValues(rows * C, 1);
    expect(await error(input, rows, C, tokens)).toBeLessThan(tolerance);
  });

  test('rows of variance 1e-6 around 1', async () => {
    const input = randomValues(4 * 256, 2).map((v) => 1 + 1.7e-3 * v);
    expect(await error(input, 4, 256, 2)).toBeLessThan(flatRowTolerance(name));
  });

  async function error(input: Float32Array, rows: number, C: number, tokens: number): Promise<number> {
    const epsilon = 1e-6;
    const batch = rows / tokens;
    const stride = 2 * C;
    const table = randomValues((batch + 1) * stride, 3);
    const part = (offset: number) =>
      Float32Array.from({ length: batch * C }, (_, i) => {
        return table[(1 + Math.floor(i / C)) * stride + offset + (i % C)] as number;
      });
    // What is normed is the input after its residual; the gate may be any part of the table, here the one of the scale.
    const branch = adds ? randomValues(4 + rows * C, 4) : new Float32Array(4 + rows * C);
    const gate = part(C);
    const normed = input.map((v, i) => v + gateOf(gate, i, tokens, C) * (branch[4 + i] as number));
    const all = layerNormReference(normed, part(C), part(0), { rows, C, tokens, epsilon });
    // Every second token of each batch row, last first.
    const selected = gathers ? Math.ceil(tokens / 2) : tokens;
    const chosen = Array.from({ length: batch }, (_, b) =>
      Array.from({ length: selected }, (_, i) => (gathers ? tokens - 1 - 2 * i : i) + b * tokens),
    ).flat();
    const ids = new Uint32Array(rows);
    chosen.forEach((row, i) => {
      ids[Math.floor(i / selected) * tokens + (i % selected)] = row % tokens;
    });
    const place = { rows: chosen.length, tokens, shiftOffset: 0, scaleOffset: C, modulationStride: stride };
    const outputs = await runKernel({
      kernel,
      constants: layerNormConstants({ C, epsilon }),
      params: gathers
        ? layerNormSelectedParams({ ...place, selected })
        : adds
          ? layerNormResidualParams({ ...place, gateOffset: C, gateStride: stride, branchOffset: 4 })
          : layerNormParams(place),
      workgroups: layerNormWorkgroups(tiling, chosen.length),
      storage: [input, table, chosen.length * C, ...(gathers ? [ids] : adds ? [branch] : [])],
      step: { modulationRow: 1 },
    });
    const output = outputs.at(-1);
    if (adds) expect(worstError(outputs[0] as Float32Array, normed)).toBeLessThan(tolerance);
    const expected = chosen.flatMap((row) => [...all.subarray(row * C, (row + 1) * C)]);
    return worstError(output as Float32Array, expected);
  }
});

function gateOf(gate: Float32Array, element: number, tokens: number, C: number): number {
  return gate[Math.floor(element / C / tokens) * C + (element % C)] as number;
}
