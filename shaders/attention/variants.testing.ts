import { describe, expect, test } from 'vitest';
import { randomValues, runKernel, worstError } from '../../testing/run-kernel.ts';
import { runnableHere } from '../../testing/runnable.ts';
import type { Kernel } from '../common/kernel.ts';
import {
  type AttentionPart,
  type AttentionSource,
  type AttentionTiling,
  type AttentionVariant,
  attentionGroups,
  attentionParams,
  attentionTilings,
  attentionWorkgroups,
} from './index.ts';
import { attentionTolerance } from './numeric-check.ts';
import { type AttentionResult, attentionReference, crossAttentionReference } from './reference.ts';

// With logits in the hundreds, whose rounding exp magnifies; the worst measured is 4.0e-5.
const largeLogitTolerance = 1e-4;

interface Case {
  readonly batch: number;
  readonly tokens: number;
  readonly keys: number;
  readonly heads: number;
  /** Queries, keys and values reach this far: 20 puts logits in the hundreds, where exp overflows. */
  readonly gain: number;
}

const cases: Readonly<Record<AttentionSource, readonly Case[]>> = {
  self: [
    { batch: 1, tokens: 1, keys: 1, heads: 1, gain: 1 },
    { batch: 2, tokens: 5, keys: 5, heads: 3, gain: 3 },
    { batch: 1, tokens: 64, keys: 64, heads: 2, gain: 3 },
    { batch: 1, tokens: 65, keys: 65, heads: 1, gain: 20 },
    { batch: 1, tokens: 130, keys: 130, heads: 2, gain: 3 },
  ],
  cross: [
    { batch: 1, tokens: 5, keys: 1, heads: 3, gain: 3 },
    { batch: 2, tokens: 130, keys: 7, heads: 2, gain: 3 },
    { batch: 2, tokens: 65, keys: 120, heads: 1, gain: 3 },
    { batch: 2, tokens: 1, keys: 120, heads: 1, gain: 20 },
  ],
};

/** What a kernel's name says. */
export function attentionVariantOf(name: string): AttentionVariant {
  const [source, headDim] = name.split('.').slice(-2) as [AttentionSource, string];
  const tiling = Object.values(attentionTilings).find((t) => name.startsWith(`attention.${t.name}.`));
  return { tiling: tiling as AttentionTiling, source, headDim: Number(headDim.slice(1)) };
}

/** Registers the tests of attention variants against the f64 reference. */
export async function testAttentionVariants(variants: readonly Kernel[]): Promise<void> {
  const runnable = await runnableHere(variants);
  describe.each(runnable.map((kernel) => [kernel.name, kernel] as const))('%s', (name, kernel) => {
    const { tiling, source, headDim } = attentionVariantOf(name);
    const fitting = cases[source].filter(({ keys }) => tiling.memory !== 'small' || keys <= tiling.keys);

    test.each(fitting)('$batch x $heads x $tokens, $keys keys, values to $gain', async (size) => {
      const { batch, tokens, keys, heads, gain } = size;
      const { inputs, expected } = source === 'self' ? selfCase(size, headDim) : crossCase(size, headDim);
      const run = (part: AttentionPart) =>
        runKernel({
          kernel,
          params: attentionParams({ tokens, keys, heads, headDim, ...part }),
          workgroups: attentionWorkgroups(tiling, { ...size, ...part }),
          storage: [...inputs, batch * tokens * heads * headDim, batch * heads * tokens],
        }) as Promise<[Float32Array, Float32Array]>;
      const [output, logSumExp] = await run({});
      const limit = gain > 3 ? largeLogitTolerance : attentionTolerance;
      expect(worstError(output, expected.output)).toBeLessThan(limit);
      expect(worstError(logSumExp, expected.logSumExp)).toBeLessThan(limit);
      if (tokens < 130) return;
      // Two dispatches write what one does, each its own part.
      const half = Math.floor(attentionGroups(tiling, size) / 2);
      const begin = await run({ count: half });
      const end = await run({ first: half });
      expect(begin[0].map((v, i) => v + (end[0][i] as number))).toEqual(output);
      expect(begin[1].map((v, i) => v + (end[1][i] as number))).toEqual(logSumExp);
      expect(begin[0]).not.toEqual(output);
    });
  });
}

interface Inputs {
  readonly inputs: readonly (Float32Array | Uint32Array)[];
  readonly expected: AttentionResult;
}

function selfCase({ gain, ...size }: Case, headDim: number): Inputs {
  const qkv = randomValues(size.batch * size.tokens * 3 * size.heads * headDim, 7).map((v) => v * gain);
  return { inputs: [qkv], expected: attentionReference(qkv, { ...size, headDim }) };
}

/** The first batch row sees every third key, from the last down, and the second the last alone; hidden rows are huge. */
function crossCase({ gain, ...size }: Case, headDim: number): Inputs {
  const { batch, tokens, keys, heads } = size;
  const mask = Uint32Array.from({ length: batch * keys }, (_, i) => {
    const fromEnd = keys - 1 - (i % keys);
    return Number(i < keys ? fromEnd % 3 === 0 : fromEnd === 0);
  });
  const q = randomValues(batch * tokens * heads * headDim, 7).map((v) => v * gain);
  const kv = randomValues(batch * keys * 2 * heads * headDim, 8).map(
    (v, i) => v * (mask[Math.floor(i / (2 * heads * headDim))] ? gain : 1e6),
  );
  return { inputs: [q, kv, mask], expected: crossAttentionReference(q, kv, mask, { ...size, headDim }) };
}
