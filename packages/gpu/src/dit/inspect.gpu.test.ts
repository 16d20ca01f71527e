import { compileRunPlan, relativeError, torchRandn } from '@webdit/core';
import { expect, test } from 'vitest';
import { loadModel } from '../../../../testing/golden.ts';
import type { InspectedStep } from './inspect.ts';

test('reads what the steps of a run compute, and leaves the run as it is', async () => {
  const { model, folder } = await loadModel('goldens/dit-original-tiny');
  const { config } = folder;
  const plan = compileRunPlan({ model: config, sampler: folder.scheduler, steps: 3, guidanceScale: 1.5, label: 3 });
  const storing = { ...plan, steps: plan.steps.map((step) => ({ ...step, storesCache: true })) };
  const init = torchRandn(1, config.inChannels * config.inputSize ** 2);
  const seen: InspectedStep[] = [];
  const { latents } = await model.run(storing, init, { onInspect: (step) => seen.push(step) });
  const plain = await model.run(plan, init, { trace: { hidden: [0, 1, 2] } });
  expect([...latents]).toEqual([...plain.latents]);
  expect(seen.map(({ n }) => n)).toEqual([0, 1, 2]);
  const C = config.hiddenSize;
  for (const { n, hidden, entering, modulated, branches, width } of seen) {
    expect([...hidden]).toEqual([...(plain.trace.hidden.get(n) as Float32Array)]);
    expect(width).toBe(C);
    expect([branches.attn.length, branches.mlp.length]).toEqual([config.depth, config.depth]);
    expect(new Set([...branches.attn, ...branches.mlp].map((output) => output[0])).size).toBe(2 * config.depth);
    // Both rows embed the same latents.
    const half = entering.length / 2;
    expect([...entering.subarray(0, half)]).toEqual([...entering.subarray(half)]);
    // The modulated state is an affine map of the norm, channel by channel: two tokens tell it, the others follow it.
    const normed = Float32Array.from({ length: half }, (_, i) =>
      norm(entering.subarray(i - (i % C), i - (i % C) + C), i % C),
    );
    const expected = normed.map((value, i) => {
      const c = i % C;
      const scale = (at(modulated, c) - at(modulated, C + c)) / (at(normed, c) - at(normed, C + c));
      return at(modulated, c) + scale * (value - at(normed, c));
    });
    expect(relativeError(expected, modulated.subarray(0, half))).toBeLessThan(1e-3);
  }
  model.dispose();
});

function norm(token: Float32Array, channel: number): number {
  const mean = token.reduce((sum, value) => sum + value, 0) / token.length;
  const variance = token.reduce((sum, value) => sum + (value - mean) ** 2, 0) / token.length;
  return (at(token, channel) - mean) / Math.sqrt(variance + 1e-6);
}

function at(values: Float32Array, i: number): number {
  return values[i] as number;
}
