import {
  type CacheSpec,
  compileRunPlan,
  type DiTConfig,
  ditTensorShapes,
  relativeError,
  torchRandn,
} from '@webdit/core';
import { registerTiling, splitKTiling, workgroupTiling } from '@webdit/shaders';
import { describe, expect, test, vi } from 'vitest';
import { goldenTensors, loadModel } from '../../../../testing/golden.ts';
import { testDevice } from '../../../../testing/gpu.ts';
import { packHalves, randomValues } from '../../../../testing/run-kernel.ts';
import { adoptDevice, type DeviceHolder } from '../device.ts';
import { grantsOf } from '../memory/counting-device.ts';
import { MemoryCount } from '../memory/memory-count.ts';
import { fixedChoice } from '../tiling.ts';
import { DiTModel } from './model.ts';
import type { WeightDType } from './weights.ts';

const tiny = 'goldens/dit-original-tiny';

async function tinyPlan(steps: number, cache: CacheSpec = 'none') {
  const { model, folder } = await loadModel(tiny);
  const plan = compileRunPlan({
    model: folder.config,
    sampler: folder.scheduler,
    steps,
    guidanceScale: 1.5,
    label: 3,
    cache,
  });
  return { model, plan, init: torchRandn(1, 4 * 16 * 16) };
}

// Targets of the folders' golden.json.
test.each([
  { name: 'dit-original-tiny', tiling: workgroupTiling([8, 8], [8, 8], 16) },
  { name: 'dit-original-tiny', tiling: splitKTiling(4, [8, 8]) },
  { name: 'dit-diffusers-tiny', tiling: registerTiling([8, 4], [8, 8]) },
])('forward of $name with the tiling $tiling.name equals its reference', async ({ name, tiling }) => {
  const { model } = await loadModel(`goldens/${name}`, { choice: fixedChoice(tiling) });
  const golden = goldenTensors(name);
  const output = await model.forward(golden('x'), [...golden('timestep')], [...golden('class_labels')]);
  expect(relativeError(output, golden('out'))).toBeLessThan(1e-5);
  model.dispose();
  expect(model.bytes.current).toBe(0);
});

test('a run is repeatable to the byte, whatever ran before, and traces every step', async () => {
  const { model, plan, init } = await tinyPlan(4);
  const first = await model.run(plan, init, { trace: { latents: true, hidden: [0, 3] } });
  await model.forward(init, [500], [2]);
  const second = await model.run(plan, init);
  expect([...second.latents]).toEqual([...first.latents]);
  expect([...(first.trace.latents as Float32Array).subarray(3 * 1024)]).toEqual([...first.latents]);
  expect([...first.trace.hidden.keys()]).toEqual([0, 3]);
  expect(first.trace.hidden.get(3)?.length).toBe(2 * 64 * 48);
  expect(first.waits).toEqual({ final: 1, probe: 0 });
  expect(first.steps.map((step) => step.n)).toEqual([0, 1, 2, 3]);
  expect(first.steps.every((step) => step.ms >= 0 && (step.gpuMs ?? 0) >= 0)).toBe(true);
  model.dispose();
});

test('packed halves give what f32 gives on weights that are halves', async () => {
  const golden = goldenTensors('dit-original-tiny');
  const run = async (weightDType: 'f32' | 'f16') => {
    const { model } = await loadModel('models/emoji-dit', { weightDType });
    const output = await model.forward(golden('x'), [...golden('timestep')], [3, 5]);
    model.dispose();
    return output;
  };
  expect([...(await run('f16'))]).toEqual([...(await run('f32'))]);
});

// Relative errors against the f32 golden at four times the measured: 2.1e-3 with bytes, 5.1e-4 with f16 math.
const { device } = await testDevice();
test.each([
  { weightDType: 'int8', math: 'f32', limit: 8.4e-3 } as const,
  ...(device.features.has('shader-f16') ? [{ weightDType: 'f16', math: 'f16', limit: 2.1e-3 } as const] : []),
])('$weightDType weights, $math math, stay near the reference', async ({ limit, ...options }) => {
  const { model } = await loadModel(tiny, options);
  const golden = goldenTensors('dit-original-tiny');
  const output = await model.forward(golden('x'), [...golden('timestep')], [...golden('class_labels')]);
  expect(relativeError(output, golden('out'))).toBeLessThan(limit);
  expect(relativeError(output, golden('out'))).toBeGreaterThan(1e-6);
  model.dispose();
});

test('f16 math is refused without halves, and where the adapter has none', async () => {
  const { model } = await loadModel(tiny, { weightDType: 'f16' });
  expect(model.math).toBe('f32');
  model.dispose();
  await expect(loadModel(tiny, { weightDType: 'f32', math: 'f16' })).rejects.toMatchObject({ code: 'bad-argument' });
  if (device.features.has('shader-f16')) return;
  const refused = loadModel(tiny, { weightDType: 'f16', math: 'f16' });
  await expect(refused).rejects.toMatchObject({ code: 'unsupported-config' });
});

test.each([
  ['none', 70],
  ['dbcache:F2_B1_t0.1_w1', 4],
])('a run of %s, of any length, finds its pipelines compiled', async (cache, steps) => {
  const { model, plan, init } = await tinyPlan(steps, cache);
  const compile = vi.spyOn(device, 'createComputePipelineAsync');
  const controller = new AbortController();
  const onStep = () => controller.abort('enough');
  await expect(model.run(plan, init, { signal: controller.signal, onStep })).rejects.toBe('enough');
  expect(compile).not.toHaveBeenCalled();
  compile.mockRestore();
  model.dispose();
});

describe('weights larger than a binding lie in several buffers', () => {
  // Few tokens: activations fit a cap that most linears and the class table exceed.
  const cap = 24 * 1024;
  const small = { inputSize: 8, depth: 2, numClasses: 150 };

  async function loadRandom(config: DiTConfig, holder: DeviceHolder, weightDType: WeightDType) {
    const model = await DiTModel.create(holder, config, { weightDType });
    for (const [i, { name, shape }] of ditTensorShapes(config).entries()) {
      const elementCount = shape.reduce((a, b) => a * b, 1);
      const values = randomValues(elementCount, i + 1).map(
        (value) => value / Math.sqrt(elementCount / (shape[0] ?? 1)),
      );
      const writer = model.sink.begin({ name, shape, elementOffset: 0, elementCount, sourceDType: 'F32' });
      const { buffer } = writer.dtype === 'F16' ? packHalves(values) : values;
      const bytes = new Uint8Array(buffer);
      // Pieces end anywhere, as they do in a stream.
      for (let at = 0; at < bytes.length; at += 1028) await writer.write(bytes.subarray(at, at + 1028), at);
      await writer.end();
    }
    await model.finishLoading();
    return model;
  }

  test.each(['f32', 'f16', 'int8'] as const)('%s, to the same result', async (weightDType) => {
    const { model: tinyModel, folder } = await loadModel(tiny);
    tinyModel.dispose();
    const config = { ...folder.config, ...small };
    const plan = compileRunPlan({
      model: config,
      sampler: folder.scheduler,
      steps: 4,
      guidanceScale: 1.5,
      label: 3,
      cache: { policy: 'procache', mode: 'paper', pattern: '1202', deepLayerStart: 0, tokenRatio: 0.3 },
    });
    const init = torchRandn(1, 4 * 8 * 8);
    const holder = adoptDevice(device, { maxStorageBufferBindingSize: cap });
    const created = vi.spyOn(device, 'createBuffer');
    const split = await loadRandom(config, holder, weightDType);
    const sizes = created.mock.calls.map(([{ size, usage }]) => (usage & GPUBufferUsage.STORAGE ? size : 0));
    const labels = created.mock.calls.map(([{ label }]) => label);
    created.mockRestore();
    expect(Math.max(...sizes)).toBeLessThanOrEqual(cap);
    const parts = (name: string) => labels.filter((label) => label === name).length;
    expect(parts('y_embedder.embedding_table.weight')).toBe(2);
    expect(parts('blocks.0.adaLN_modulation.1.weight')).toBe({ f32: 3, f16: 2, int8: 2 }[weightDType]);
    expect(parts('blocks.1.adaLN_modulation.1.weight')).toBe({ f32: 3, f16: 2, int8: 1 }[weightDType]);
    expect(parts('blocks.1.mlp.fc1.weight')).toBe({ f32: 2, f16: 1, int8: 1 }[weightDType]);
    expect(split.bytes.current).toBeLessThan(1.03 * new MemoryCount(config, weightDType, grantsOf(holder)).loading);
    const whole = await loadRandom(config, await testDevice(), weightDType);
    const expected = (await whole.run(plan, init)).latents;
    expect(relativeError((await split.run(plan, init)).latents, expected)).toBeLessThan(1e-6);
    expect(relativeError(expected, init)).toBeGreaterThan(1e-3);
    whole.dispose();
    split.dispose();
    holder.release();
  });
});

describe('abort', () => {
  test('stops between slices with the reason of the signal, and the next run equals a fresh one', async () => {
    const { model, plan, init } = await tinyPlan(12);
    const fresh = await model.run(plan, init);
    const controller = new AbortController();
    const reason = new Error('enough');
    let seen = 0;
    const onStep = () => {
      seen++;
      controller.abort(reason);
    };
    await expect(model.run(plan, init, { signal: controller.signal, onStep })).rejects.toBe(reason);
    expect(seen).toBeGreaterThan(0);
    expect(seen).toBeLessThan(12);
    expect([...(await model.run(plan, init)).latents]).toEqual([...fresh.latents]);
    model.dispose();
  });
});

test('latents of the wrong size, a disposed model and two runs at once are refused', async () => {
  const { model, plan, init } = await tinyPlan(2);
  await expect(model.run(plan, init.subarray(1))).rejects.toMatchObject({ code: 'shape-mismatch' });
  const running = model.run(plan, init);
  await expect(model.run(plan, init)).rejects.toMatchObject({ code: 'bad-argument' });
  await running;
  model.dispose();
  await expect(model.run(plan, init)).rejects.toMatchObject({ code: 'bad-argument' });
});
