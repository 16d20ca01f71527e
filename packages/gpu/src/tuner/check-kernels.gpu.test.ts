import { relativeError } from '@webdit/core';
import { attentionTilings, type MatmulVariant, registerTiling, splitKTiling } from '@webdit/shaders';
import { expect, test, vi } from 'vitest';
import { goldenTensors, loadModel } from '../../../../testing/golden.ts';
import { testDevice } from '../../../../testing/gpu.ts';
import { Allocator } from '../allocator.ts';
import { fixedChoice } from '../tiling.ts';
import { checkKernels, type KernelCheck } from './check-kernels.ts';
import { matmulCandidates, matmulOp } from './matmul.ts';
import { memoryStore } from './store.ts';

const right = registerTiling([8, 4], [8, 8]);
const splitK = splitKTiling(4, [8, 8]);
/** Multiplies the first four k's only. */
const wrong = { ...right, name: 'wrong-8x4' };
const refused = { ...right, name: 'refused-8x4' };

vi.mock('@webdit/shaders', async (original) => {
  const shaders = await original<typeof import('@webdit/shaders')>();
  const broken = (variant: MatmulVariant) => {
    const kernel = shaders.matmulKernel(variant);
    const { name } = variant.tiling;
    if (name === 'wrong-8x4') {
      return {
        ...kernel,
        // Another name: pipelines are kept by it.
        name: `${kernel.name}.spoilt`,
        source: kernel.source.replace('k < params.K4', 'k < 1u'),
      };
    }
    return name === 'refused-8x4' ? { ...kernel, source: `${kernel.source}\nfn broken() -> nothing {}` } : kernel;
  };
  return { ...shaders, matmulKernel: broken };
});

const attention = [attentionTilings.register];
const spoilt = 'matmul.wrong-8x4.f32.store.spoilt';

test('a wrong variant that a model runs is found, done without at once, and not run in the next load', async () => {
  const store = memoryStore();
  const golden = goldenTensors('dit-original-tiny');
  const load = async () => {
    const tuning = { when: 'never', store, tilings: { matmul: [right, splitK], attention } } as const;
    const { model } = await loadModel('goldens/dit-original-tiny', { choice: fixedChoice(wrong), tuning });
    const error = async () => {
      const output = await model.forward(golden('x'), [...golden('timestep')], [...golden('class_labels')]);
      return relativeError(output, golden('out'));
    };
    return { model, error };
  };
  const first = await load();
  expect(first.model.tuning.excluded).toEqual([]);
  expect(await first.error()).toBeGreaterThan(0.1);

  const seen: KernelCheck[] = [];
  const progress: string[] = [];
  const checks = await first.model.checkKernels({
    onProgress: (done, total, check) => {
      progress.push(`${done}/${total}`);
      seen.push(check);
    },
  });
  expect(checks).toEqual(seen);
  expect(progress).toEqual(['1/4', '2/4', '3/4', '4/4']);
  expect(checks.map(({ kernel, ok, disabled }) => [kernel, ok, disabled])).toEqual([
    [expect.stringContaining('attention.'), true, false],
    ['matmul.register-8x4.8x8.f32.store', true, false],
    ['matmul.split-k-4x4.8x8.f32.store', true, false],
    [spoilt, false, true],
  ]);
  for (const { error, tolerance, ok } of checks) {
    expect(error).toBeGreaterThan(0);
    expect((error as number) <= tolerance).toBe(ok);
  }
  expect(first.model.tuning).toEqual({ source: 'static', ms: 0, excluded: [spoilt] });
  expect(await first.error()).toBeLessThan(1e-5);
  first.model.dispose();
  expect(first.model.bytes.current).toBe(0);

  const next = await load();
  expect(next.model.tuning).toEqual({ source: 'static', ms: 0, excluded: [spoilt] });
  expect(await next.error()).toBeLessThan(1e-5);
  next.model.dispose();
});

test('what failed once stays off although it passes now; what does not compile is left out of this load only', async () => {
  const holder = await testDevice();
  const allocator = new Allocator(holder);
  const base = fixedChoice(right);
  const sizes = [{ rows: 64, K: 48, N: 144 }];
  const candidates = matmulCandidates(holder, { sizes, base }, [right, refused, splitK]);
  const op = matmulOp(holder, { weights: 'f32', sizes, base, candidates });
  const [check] = op.checks;
  // The same kernels, which no result is good enough from.
  const strict = { ...op, checks: [{ ...check, tolerance: 0 }] as const };
  const store = memoryStore();
  const verdicts = async (given: typeof op) => {
    const { checks } = await checkKernels(allocator, [given], { store });
    return checks.map(({ compiles, ok, disabled, error }) => ({ compiles, ok, disabled, hasError: error !== null }));
  };
  const failed = { compiles: true, ok: false, disabled: true, hasError: true };
  expect(await verdicts(strict)).toEqual([failed, { ...failed, compiles: false, hasError: false }, failed]);
  expect(await verdicts(op)).toEqual([
    { ...failed, ok: true },
    { compiles: false, ok: false, disabled: true, hasError: false },
    { ...failed, ok: true },
  ]);
  expect(allocator.bytes.current).toBe(0);
});

test('an abort ends it with the signal’s reason, and stores nothing', async () => {
  const holder = await testDevice();
  const allocator = new Allocator(holder);
  const base = fixedChoice(right);
  const sizes = [{ rows: 64, K: 48, N: 144 }];
  const candidates = matmulCandidates(holder, { sizes, base }, [wrong, right, splitK]);
  const op = matmulOp(holder, { weights: 'f32', sizes, base, candidates });
  const store = memoryStore();
  const set = vi.spyOn(store, 'set');
  const controller = new AbortController();
  const reason = new Error('enough');
  const onProgress = vi.fn(() => controller.abort(reason));
  const checking = checkKernels(allocator, [op], { store, signal: controller.signal, onProgress });
  await expect(checking).rejects.toBe(reason);
  expect(onProgress).toHaveBeenCalledOnce();
  expect(set).not.toHaveBeenCalled();
  expect(allocator.bytes.current).toBe(0);
});
