import { chooseSampler, compileRunPlan, psnr, type RunPlan, relativeError, torchRandn } from '@webdit/core';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { loadModel } from '../../../../testing/golden.ts';
import { testDevice } from '../../../../testing/gpu.ts';
import type { DiTModel } from './model.ts';

const steps = 8;
const elements = 4 * 16 * 16;
const init = torchRandn(1, elements);
// Four times the worst measured, 3.8e-8.
const tolerance = 1.6e-7;

let model: DiTModel;
let planOf: (cache: string, scheduler?: string) => RunPlan;
const seen: { n: number; latents: ArrayLike<number> }[] = [];
const preview = (every: number) => ({
  steps: new Set(Array.from({ length: steps - 1 }, (_, n) => n).filter((n) => (n + 1) % every === 0)),
  onPreview: (n: number, latents: ArrayLike<number>) => void seen.push({ n, latents }),
});

beforeAll(async () => {
  const { folder, ...loaded } = await loadModel('goldens/dit-original-tiny');
  model = loaded.model;
  const options = { model: folder.config, steps, guidanceScale: 1.5, label: 3 };
  planOf = (cache, scheduler = 'ddim') =>
    compileRunPlan({ ...options, sampler: chooseSampler(scheduler, folder.scheduler), cache });
});
beforeEach(() => {
  seen.length = 0;
});
afterAll(() => model.dispose());

describe('previews', () => {
  test.each(['none', 'fora'])('change neither the latents nor the waits: %s', async (cache) => {
    const plan = planOf(cache);
    const plain = await model.run(plan, init);
    const previewed = await model.run(plan, init, { preview: preview(1) });
    expect([...previewed.latents]).toEqual([...plain.latents]);
    expect(previewed.waits).toEqual(plain.waits);
    expect(previewed.steps.map(({ n, kind }) => [n, kind])).toEqual(plain.steps.map(({ n, kind }) => [n, kind]));
    expect(seen.length).toBeGreaterThan(0);
  });

  test.each(['ddim', 'dpmpp'])(
    'are the x0 that a step’s own numbers give, in order, nearer and nearer: %s',
    async (name) => {
      const plan = planOf('none', name);
      const { latents, trace } = await model.run(plan, init, { preview: preview(1), trace: { latents: true } });
      const traced = trace.latents as Float32Array;
      expect(seen.map(({ n }) => n)).toEqual([...new Set(seen.map(({ n }) => n))].sort((a, b) => a - b));
      const after = (n: number) => (n < 0 ? init : traced.subarray(n * elements, (n + 1) * elements));
      for (const { n, latents: foreseen } of seen) {
        const { sample, prediction, x0Sample, x0Prediction, history } = plan.steps[n] as RunPlan['steps'][number];
        const past = history === 0 ? undefined : seen.find((event) => event.n === n - 1)?.latents;
        // A preview may be left out; then this one's past is not known.
        if (history !== 0 && !past) continue;
        const before = after(n - 1);
        const expected = Float64Array.from(after(n), (next, i) => {
          const x = before[i] as number;
          const eps = (next - sample * x - history * (past?.[i] ?? 0)) / prediction;
          return x0Sample * x + x0Prediction * eps;
        });
        expect(relativeError(foreseen, expected)).toBeLessThan(tolerance);
      }
      const nearness = seen.map((event) => psnr(event.latents, latents, 2));
      expect(nearness.at(-1)).toBeGreaterThan((nearness[0] as number) + 3);
    },
  );

  test('come of the steps they are asked of', async () => {
    const plan = planOf('none');
    await model.run(plan, init, { preview: preview(3) });
    expect([[2], [2, 5]]).toContainEqual(seen.map(({ n }) => n));
  });

  test('have one copy under way at most: a step that ends before then is left out', async () => {
    const { device } = await testDevice();
    const create = device.createBuffer.bind(device);
    let release: () => void = () => {};
    const buffers = vi.spyOn(device, 'createBuffer').mockImplementation((descriptor) => {
      const buffer = create(descriptor);
      if (!descriptor.label?.startsWith('preview')) return buffer;
      const map = buffer.mapAsync.bind(buffer);
      buffer.mapAsync = async (...args) => {
        await new Promise<void>((resolve) => {
          release = resolve;
        });
        return map(...args);
      };
      return buffer;
    });
    const plan = planOf('none');
    const onStep = ({ n }: { n: number }) => {
      if (n === steps - 1) release();
    };
    await model.run(plan, init, { preview: preview(1), onStep });
    expect(seen.map(({ n }) => n)).toEqual([0]);
    buffers.mockRestore();
  });

  test('stop with an abort, and the run rejects with what their callback threw', async () => {
    const plan = planOf('none');
    const controller = new AbortController();
    const onStep = () => controller.abort('enough');
    await expect(model.run(plan, init, { preview: preview(1), onStep, signal: controller.signal })).rejects.toBe(
      'enough',
    );
    expect(seen.length).toBeLessThanOrEqual(1);
    const thrown = new Error('no canvas');
    const onPreview = () => {
      throw thrown;
    };
    await expect(model.run(plan, init, { preview: { ...preview(1), onPreview } })).rejects.toBe(thrown);
    // And nothing is left behind that a later run would trip over.
    await model.run(plan, init, { preview: preview(1) });
  });
});
