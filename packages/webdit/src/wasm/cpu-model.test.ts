import { compileRunPlan } from '@webdit/core';
import { expect, it, vi } from 'vitest';
import { loadCpuGolden } from '../../../../testing/cpu-golden.ts';

// The processor may have other things to do.
const timeout = 60_000;

// Measured: 1.8e-6 after 50 steps of emoji-dit; the targets are the GPU's.
it.each([
  // Learned sigma, guidance on 3 channels.
  { name: 'dit-original-tiny', runs: 2, steps: undefined },
  // Embedders per block, parts of qkv in tensors of their own, a class embedding with another name.
  { name: 'dit-diffusers-tiny', runs: 1, steps: undefined },
  { name: 'emoji-dit', runs: 3, steps: 2 },
])('steps $name as its reference does', { timeout }, async ({ name, runs, steps }) => {
  const { model, cases, check } = await loadCpuGolden(name, steps);
  expect(cases).toHaveLength(runs);
  for (const entry of cases) {
    const { check: result } = await check(entry);
    expect(result, `${result.case} ${result.error}`).toMatchObject({ ok: true });
  }
  await model.dispose();
});

it('refuses caching, computes one row without guidance, and stops between steps', { timeout }, async () => {
  const { model, folder } = await loadCpuGolden('dit-original-tiny');
  const { config, scheduler: sampler } = folder;
  const inputs = { model: config, sampler, steps: 6, guidanceScale: 1, label: 1 };
  const init = new Float32Array(config.inChannels * config.inputSize ** 2).fill(0.5);
  const onStep = vi.fn();
  const controller = new AbortController();
  const run = (plan: ReturnType<typeof compileRunPlan>) => model.run(plan, init, { signal: controller.signal, onStep });

  await expect(run(compileRunPlan({ ...inputs, cache: 'fora:3' }))).rejects.toMatchObject({
    code: 'bad-argument',
    message: expect.stringMatching(/^The cache policy fora_N3 needs WebGPU/),
  });
  expect(onStep).not.toHaveBeenCalled();

  const plan = compileRunPlan(inputs);
  const { latents, steps } = await run(plan);
  expect(latents.every(Number.isFinite)).toBe(true);
  expect(steps.map(({ n, kind, flops }) => ({ n, kind, flops }))).toEqual(
    plan.steps.map(({ n, kind, flops }) => ({ n, kind, flops })),
  );

  onStep.mockReset().mockImplementation(({ n }) => {
    // As from a worker's port: a task of its own.
    if (n === 1) setTimeout(() => controller.abort('changed my mind'));
  });
  await expect(run(plan)).rejects.toBe('changed my mind');
  expect(onStep.mock.calls.length).toBeLessThan(5);
  await model.dispose();
});
