import {
  compileRunPlan,
  type DiTConfig,
  ditSampler,
  ditTensorShapes,
  ditXl2,
  relativeError,
  type TensorShape,
  type TensorSink,
} from '@webdit/core';
import { describe, expect, test, vi } from 'vitest';
import { testDevice } from '../../../../testing/gpu.ts';
import { ReferenceDiT } from '../../../../testing/reference-dit.ts';
import { packHalves, randomValues, unpackHalves } from '../../../../testing/run-kernel.ts';
import { Allocator, BufferScope } from '../allocator.ts';
import { DeviceHolder } from '../device.ts';
import { PipelineCache } from '../pipelines.ts';
import { Slicer } from '../slicer.ts';
import { fakeDispatch, fakeGpu } from '../testing/fake-gpu.ts';
import { staticChoice } from '../tiling.ts';
import { DiTGraph } from './graph.ts';
import { DiTModel } from './model.ts';
import { StepPrograms } from './programs.ts';
import { schedulePlan } from './run.ts';
import { everyKindOfStep } from './warm-up.ts';
import { DiTWeights } from './weights.ts';

/** Values after which a random tensor repeats: odd, so that its rows differ. */
const period = 999_983;

/** Random halves: uniform, so scaled that a linear's outputs vary about as much as its inputs. */
class RandomTensors {
  readonly #blocks = new Map<number, { readonly halves: Uint16Array; readonly floats: Float32Array }>();

  constructor(readonly config: DiTConfig) {}

  values(name: string): Float32Array {
    const { shape } = ditTensorShapes(this.config).find((tensor) => tensor.name === name) as TensorShape;
    const { floats } = this.#block(shape);
    return Float32Array.from({ length: count(shape) }, (_, i) => floats[i % floats.length] as number);
  }

  async stream(sink: TensorSink): Promise<void> {
    for (const { name, shape } of ditTensorShapes(this.config)) {
      const elementCount = count(shape);
      const writer = sink.begin({ name, shape, elementOffset: 0, elementCount, sourceDType: 'F16' });
      const { halves, floats } = this.#block(shape);
      const block = writer.dtype === 'F16' ? halves : floats;
      for (let done = 0; done < elementCount; done += block.length) {
        const piece = block.subarray(0, elementCount - done);
        await writer.write(new Uint8Array(piece.buffer, 0, piece.byteLength), done * block.BYTES_PER_ELEMENT);
      }
      await writer.end();
    }
  }

  /** Two periods, an even number of halves. */
  #block(shape: readonly number[]) {
    const inputs = shape.length > 1 ? count(shape.slice(1)) : 300;
    let block = this.#blocks.get(inputs);
    if (!block) {
      const scale = Math.sqrt(3 / inputs);
      const once = randomValues(period, inputs).map((v) => scale * v);
      const packed = packHalves(twice(once));
      block = { halves: new Uint16Array(packed.buffer), floats: unpackHalves(packed) };
      this.#blocks.set(inputs, block);
    }
    return block;
  }
}

function twice(values: Float32Array): Float32Array {
  const both = new Float32Array(2 * values.length);
  both.set(values);
  both.set(values, values.length);
  return both;
}

const count = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

async function loadRandom(config: DiTConfig): Promise<{ model: DiTModel; tensors: RandomTensors }> {
  const model = await DiTModel.create(await testDevice(), config, { weightDType: 'f16' });
  const tensors = new RandomTensors(config);
  await tensors.stream(model.sink);
  await model.finishLoading();
  return { model, tensors };
}

const planOf = (model: DiTConfig, guidanceScale: number) =>
  compileRunPlan({ model, sampler: ditSampler, steps: 1, guidanceScale, label: 7 });

describe('DiT-XL/2 with random weights', () => {
  const init = randomValues(4 * 32 * 32, 11);

  test('a full step of all 28 blocks runs at batch 2', async () => {
    const { model } = await loadRandom(ditXl2);
    expect(model.bytes.current).toBeGreaterThan(675e6 * 2);
    const { latents, steps } = await model.run(planOf(ditXl2, 4), init);
    const [{ ms, flops }] = steps as [(typeof steps)[0]];
    process.stdout.write(`DiT-XL/2 full step: ${(ms / 1000).toFixed(1)} s, ${(flops / ms / 1e6).toFixed(2)} GFLOP/s\n`);
    expect(flops).toBeGreaterThan(470e9);
    expect(latents.every(Number.isFinite)).toBe(true);
    const change = relativeError(latents, init);
    expect(change).toBeGreaterThan(1e-3);
    expect(change).toBeLessThan(1e3);
    model.dispose();
  });

  test('a step of one block of its width equals the f64 reference', async () => {
    const config = { ...ditXl2, depth: 1 };
    const { model, tensors } = await loadRandom(config);
    const plan = planOf(config, 1);
    const { latents } = await model.run(plan, init);
    const reference = new ReferenceDiT(config, (name) => tensors.values(name));
    const expected = reference.run(plan, init).latents.at(-1) as Float32Array;
    // Four times the worst measured, 4.4e-7.
    expect(relativeError(latents, expected)).toBeLessThan(1.8e-6);
    model.dispose();
  });
});

describe.each([
  { pixels: 256, inputSize: 32 },
  { pixels: 512, inputSize: 64 },
])('what the GPU is given at once by DiT-XL/2 at $pixels px', ({ inputSize }) => {
  test.each([true, false])('on a software adapter: %s', async (isFallback) => {
    const { device, adapterInfo } = await testDevice();
    const holder = new DeviceHolder(device, { ...adapterInfo, isFallback });
    // Blocks are alike, and speed is known before the second has been encoded.
    const config = { ...ditXl2, inputSize, depth: 2 };
    const allocator = new Allocator(holder);
    const scope = new BufferScope(allocator);
    const pipelines = PipelineCache.of(holder);
    const plan = everyKindOfStep(config);
    const weights = new DiTWeights(config, { dtype: 'f16', math: 'f32' }, scope, pipelines);
    const { shape } = schedulePlan(plan, config, holder.maxStorageBufferBindingSize);
    const graph = new DiTGraph(config, shape, weights, pipelines, staticChoice(holder), scope);
    const programs = new StepPrograms(graph, plan, scope);
    const steps = plan.steps.map((step) => programs.compile(step));
    const costs = [graph.conditioning.once, graph.conditioning.modulation, ...steps].flat().map(({ cost }) => cost);
    expect(Math.max(...costs)).toBeLessThanOrEqual(5e9);
    expect(costs.reduce((a, b) => a + b, 0)).toBeGreaterThan(20e9);

    vi.useFakeTimers();
    for (const speed of [1e8, 1e10, 1e13]) {
      const gpu = fakeGpu(speed, isFallback);
      const slicer = new Slicer(gpu.holder, { stepGroup: graph.stepGroup });
      const run = slicer.add(0, 0, costs.map(fakeDispatch)).then(() => slicer.finish());
      await vi.runAllTimersAsync();
      await run;
      const unmeasured = gpu.submits.filter(({ measured }) => !measured);
      expect(unmeasured.length).toBeGreaterThan(0);
      expect(Math.max(...unmeasured.map(({ cost }) => cost))).toBeLessThanOrEqual(10e9);
    }
    vi.useRealTimers();
    allocator.destroyAll();
    holder.release();
  });
});
