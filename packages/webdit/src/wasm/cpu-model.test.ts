import { chooseSampler, compileRunPlan, Gate, relativeError, torchRandn } from '@webdit/core';
import { expect, it, vi } from 'vitest';
import { loadCpuGolden } from '../../../../testing/cpu-golden.ts';
import { ReferenceDiT } from '../../../../testing/reference-dit.ts';
import { tensorsOf } from '../../../../testing/repository.ts';

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

it('steps and foresees with DPM-Solver++ as the f64 reference does', { timeout }, async () => {
  const { model, folder } = await loadCpuGolden('dit-original-tiny');
  const { config, scheduler } = folder;
  const sampler = chooseSampler('dpmpp', scheduler);
  const plan = compileRunPlan({ model: config, sampler, steps: 5, guidanceScale: 1.5, label: 1 });
  const init = torchRandn(4, config.inChannels * config.inputSize ** 2);
  const reference = new ReferenceDiT(config, tensorsOf('goldens/dit-original-tiny/model.safetensors'));
  const expected = reference.run(plan, init);
  const foreseen = new Map<number, ArrayLike<number>>();
  const onPreview = (n: number, x0: ArrayLike<number>) => void foreseen.set(n, x0);
  const { signal } = new AbortController();
  const { latents } = await model.run(plan, init, {
    signal,
    onStep: () => {},
    preview: { steps: new Set([1, 4]), onPreview },
  });
  // Four times the measured, 1.8e-7.
  const tolerance = 8e-7;
  expect(relativeError(latents, expected.latents.at(-1) as Float32Array)).toBeLessThan(tolerance);
  // The last step ends at the x0 it foresees.
  expect([...foreseen.keys()]).toEqual([1, 4]);
  expect(relativeError(foreseen.get(4) as ArrayLike<number>, latents)).toBeLessThan(1e-7);
  expect(relativeError(foreseen.get(1) as ArrayLike<number>, latents)).toBeGreaterThan(0.01);
  await model.dispose();
});

it('refuses caching, computes one row without guidance, waits and stops between steps', { timeout }, async () => {
  const { model, folder } = await loadCpuGolden('dit-original-tiny');
  const { config, scheduler: sampler } = folder;
  const inputs = { model: config, sampler, steps: 6, guidanceScale: 1, label: 1 };
  const init = new Float32Array(config.inChannels * config.inputSize ** 2).fill(0.5);
  const onStep = vi.fn();
  const controller = new AbortController();
  const gate = new Gate();
  const { signal } = controller;
  const run = (plan: ReturnType<typeof compileRunPlan>) => model.run(plan, init, { signal, gate, onStep });

  for (const cache of ['fora:3', 'dbcache:F1_B0_t0.1_w2']) {
    const plan = compileRunPlan({ ...inputs, cache });
    await expect(run(plan)).rejects.toMatchObject({
      code: 'bad-argument',
      message: expect.stringMatching(`^The cache policy ${plan.policy} needs WebGPU`),
    });
  }
  const plain = compileRunPlan(inputs);
  const summed = {
    ...plain,
    steps: plain.steps.map((step, n) => (n === 2 ? { ...step, predictions: [1, 0.5] } : step)),
  };
  await expect(run(summed)).rejects.toMatchObject({ code: 'bad-argument' });
  expect(onStep).not.toHaveBeenCalled();

  const plan = compileRunPlan(inputs);
  const { latents, steps } = await run(plan);
  expect(latents.every(Number.isFinite)).toBe(true);
  expect(steps.map(({ n, kind, flops }) => ({ n, kind, flops }))).toEqual(
    plan.steps.map(({ n, kind, flops }) => ({ n, kind, flops })),
  );

  onStep.mockReset().mockImplementation(({ n }) => n === 2 && gate.close());
  const pass = vi.spyOn(gate, 'pass');
  const paused = run(plan);
  // The step after the third has come to the gate.
  await vi.waitFor(() => expect(pass).toHaveBeenCalledTimes(4), timeout);
  expect(onStep).toHaveBeenCalledTimes(3);
  gate.open();
  expect((await paused).latents).toEqual(latents);

  onStep.mockReset().mockImplementation(({ n }) => {
    // As from a worker's port: a task of its own.
    if (n === 1) setTimeout(() => controller.abort('changed my mind'));
  });
  await expect(run(plan)).rejects.toBe('changed my mind');
  expect(onStep.mock.calls.length).toBeLessThan(5);
  await model.dispose();
});
