import { relativeError } from '@webdit/core';
import { attentionTilings, type Kernel, matmulKernel, registerTiling, splitKTiling } from '@webdit/shaders';
import { expect, test, vi } from 'vitest';
import { goldenTensors, loadModel } from '../../../../testing/golden.ts';
import { testDevice } from '../../../../testing/gpu.ts';
import { Allocator } from '../allocator.ts';
import { emojiDiT } from '../bench/models.ts';
import { PipelineCache } from '../pipelines.ts';
import { fixedChoice } from '../tiling.ts';
import { attentionCandidates, attentionOp } from './attention.ts';
import { chooseKernels } from './choose.ts';
import { matmulCandidates, matmulClass, matmulOp } from './matmul.ts';
import type { OpVariant } from './op.ts';
import type { TuningRecord } from './record.ts';
import { memoryStore } from './store.ts';
import { tune } from './tune.ts';

// Two that compile fast.
const register = registerTiling([8, 4], [8, 8]);
const splitK = splitKTiling(4, [8, 8]);
const tilings = [register, splitK];
const base = fixedChoice(register);
const candidates = new Map(tilings.map((tiling) => [tiling.name, tiling]));
const sizes = [
  { rows: 64, K: 48, N: 144 },
  { rows: 2, K: 48, N: 288 },
];

/** Does a twelfth of the work, so nothing is faster. */
const wrong = { ...register, name: 'wrong-8x4' };
const refused = { ...register, name: 'refused-8x4' };
const breaking: typeof matmulKernel = (variant): Kernel => {
  const kernel = matmulKernel(variant);
  if (variant.tiling === wrong) return { ...kernel, source: kernel.source.replace('k < params.K4', 'k < 1u') };
  return variant.tiling === refused ? { ...kernel, source: `${kernel.source}\nfn broken() -> nothing {}` } : kernel;
};

async function submitsOf<T>(queue: GPUQueue, work: () => Promise<T>): Promise<{ result: T; submits: number }> {
  const submit = vi.spyOn(queue, 'submit');
  try {
    return { result: await work(), submits: submit.mock.calls.length };
  } finally {
    submit.mockRestore();
  }
}

/** Compiling takes what it takes on a busy machine. */
const unhurried = 20_000;

test('never chooses what is wrong or does not compile, frees its memory, and reuses what it stored', async () => {
  const holder = await testDevice();
  const { queue } = holder.device;
  const allocator = new Allocator(holder);
  const opFor = (all: typeof sizes) =>
    matmulOp(holder, {
      weights: 'f32',
      sizes: all,
      base,
      candidates: matmulCandidates(holder, { sizes: all, base }, [wrong, refused, ...tilings]),
      kernelOf: breaking,
    });
  const op = opFor(sizes);
  const store = memoryStore();
  const progress: string[] = [];
  const first = await submitsOf(queue, () =>
    tune(allocator, [op], {
      store,
      budgetMs: unhurried,
      onProgress: (done, total) => progress.push(`${done}/${total}`),
    }),
  );
  expect(first.submits).toBeGreaterThan(10);
  const { records, ms: _, ...info } = first.result;
  const excluded = ['matmul.wrong-8x4.f32.store', 'matmul.refused-8x4.f32.store'];
  expect(info).toEqual({ source: 'measured', excluded });
  expect(progress).toEqual(['0/4', '1/4', '2/4', '3/4', '4/4']);
  const decided = records[0]?.decided ?? {};
  expect(Object.keys(decided)).toEqual(sizes.map(matmulClass));
  expect(tilings.map(({ name }) => name)).toEqual(expect.arrayContaining(Object.values(decided)));
  expect(allocator.bytes.current).toBe(0);

  // One check for each variant in use. What did not compile may have been bad luck.
  const again = await submitsOf(queue, () => tune(allocator, [op], { store }));
  const used = new Set(Object.values(decided));
  expect(again.submits).toBe(2 * used.size);
  expect(again.result).toMatchObject({ source: 'stored', excluded: excluded.slice(0, 1) });
  expect(again.result.records[0]).toMatchObject({ decided, ms: records[0]?.ms });

  // Another model: what is known stays, what is new is timed.
  const grown = await tune(allocator, [opFor([...sizes, { rows: 2, K: 48, N: 48 }])], { store, budgetMs: unhurried });
  expect(grown.source).toBe('measured');
  expect(grown.records[0]?.decided).toEqual({ ...decided, '4x48x48': expect.any(String) });
  holder.check();
});

/** Computes too little for what is multiplied. */
const spoilt = (variant: OpVariant): OpVariant => {
  const { name, source } = variant.kernel;
  const kernel = { ...variant.kernel, name: `${name}.spoilt`, source: source.replace('k < params.K4', 'k < 1u') };
  return { ...variant, kernel };
};

test('what was stored as right and fails now is excluded, here and in the record, and what it had won is timed anew', async () => {
  const holder = await testDevice();
  const allocator = new Allocator(holder);
  const op = matmulOp(holder, { weights: 'f32', sizes: sizes.slice(1), base, candidates });
  const store = memoryStore();
  const set = vi.spyOn(store, 'set');
  const { decided = {}, ...rest } = (await tune(allocator, [op], { store, budgetMs: unhurried })).records[0] ?? {};
  const key = set.mock.lastCall?.[0] as string;
  await store.set(key, { ...rest, decided: { ...decided, '4x48x288': register.name } });
  const [check] = op.checks;
  const formOf = (variant: OpVariant) => (variant.name === register.name ? spoilt(variant) : variant);
  const broken = { ...op, checks: [{ ...check, formOf }] as const };
  const expected = { decided: { '4x48x288': splitK.name }, checked: { [register.name]: false, [splitK.name]: true } };
  const { records, source, excluded } = await tune(allocator, [broken], { store, budgetMs: unhurried });
  expect({ source, excluded }).toEqual({ source: 'measured', excluded: ['matmul.register-8x4.8x8.f32.store'] });
  expect(records).toMatchObject([expected]);
  expect(await store.get(key)).toMatchObject(expected);
});

test('what runs must be right in every format it runs on', async () => {
  const holder = await testDevice();
  const kernelOf: typeof matmulKernel = (variant) => {
    const kernel = matmulKernel(variant);
    const wrong = variant.weights === 'packed-f16' && variant.tiling === register;
    return wrong ? spoilt({ name: '', kernel }).kernel : kernel;
  };
  const alsoOn = ['packed-f16'] as const;
  const op = matmulOp(holder, { weights: 'f32', alsoOn, sizes: [], untimed: sizes, base, candidates, kernelOf });
  const { records } = await tune(new Allocator(holder), [op], { budgetMs: 0 });
  expect(records[0]?.checked).toEqual({ [register.name]: false, [splitK.name]: true });
});

test('keeps to its budget, and gives up on what three loads could not decide', async () => {
  const holder = await testDevice();
  const allocator = new Allocator(holder);
  const many = Array.from({ length: 40 }, (_, i) => ({ rows: 64, K: 48, N: 16 * (i + 1) }));
  const op = matmulOp(holder, { weights: 'f32', sizes: many, base, candidates });
  const store = memoryStore();
  // The compiler takes what it takes, and the tuner does not wait for it beyond its budget unless it must.
  for (const { kernel } of op.variants) await PipelineCache.of(holder).attempt(kernel);
  const { ms, records } = await tune(allocator, [op], { store, budgetMs: 300 });
  // One sample or check may begin just in time: 16 ms when measured. The rest is for a busy machine; without a budget it takes 3.8 s.
  expect(ms).toBeLessThan(300 + 1000);
  const decided = Object.keys(records[0]?.decided ?? {}).length;
  const postponed = Object.values(records[0]?.postponed ?? {});
  expect(decided + postponed.length).toBe(40);
  expect(postponed.length).toBeGreaterThan(0);
  expect(allocator.bytes.current).toBe(0);

  const inNoTime = () => tune(allocator, [op], { store, budgetMs: 0 });
  await inNoTime();
  const {
    records: [third],
  } = await inNoTime();
  expect(Object.values(third?.postponed ?? {})).toEqual(postponed.map(() => 3));
  const { submits, result } = await submitsOf(holder.device.queue, () => tune(allocator, [op], { store }));
  expect(submits).toBe(2 * new Set(op.inUse(third as TuningRecord)).size);
  expect(result.records[0]).toEqual(third);
});

test('an abort ends it at once with the signal’s reason: nothing stored, nothing held, nothing under way', async () => {
  const holder = await testDevice();
  const allocator = new Allocator(holder);
  const held = allocator.create('held', 1024, GPUBufferUsage.STORAGE);
  const op = matmulOp(holder, { weights: 'f32', sizes, base, candidates });
  const store = memoryStore();
  const set = vi.spyOn(store, 'set');
  const controller = new AbortController();
  const reason = new Error('enough');
  let aborted = Number.NaN;
  // While the second class is timed.
  const cut = vi.spyOn(op.classes[1] as (typeof op.classes)[number], 'cut').mockImplementation((flops) => {
    setTimeout(() => {
      aborted = performance.now();
      controller.abort(reason);
    }, 1);
    return (op.classes[0] as (typeof op.classes)[number]).cut(flops);
  });
  await expect(tune(allocator, [op], { store, budgetMs: unhurried, signal: controller.signal })).rejects.toBe(reason);
  // 0.6 ms when measured; no longer than two submits of 0.15 s.
  expect(performance.now() - aborted).toBeLessThan(300);
  expect(cut).toHaveBeenCalled();
  expect(set).not.toHaveBeenCalled();
  expect(allocator.bytes.current).toBe(1024);
  allocator.destroy(held);
  const already = AbortSignal.abort(reason);
  const { submits } = await submitsOf(holder.device.queue, () =>
    expect(tune(allocator, [op], { signal: already })).rejects.toBe(reason),
  );
  expect(submits).toBe(0);
});

test('attention is decided by the same rules', async () => {
  const holder = await testDevice();
  const allocator = new Allocator(holder);
  const { small, register } = attentionTilings;
  const size = { batch: 2, tokens: 64, heads: 2, headDim: 16 };
  const op = attentionOp(holder, size, base, attentionCandidates(holder, size, base, [small]));
  const { records, source, excluded } = await tune(allocator, [op], { budgetMs: unhurried });
  expect({ source, excluded }).toEqual({ source: 'measured', excluded: [] });
  expect(records[0]?.checked).toEqual({ [small.name]: true, [register.name]: true });
  expect(records[0]?.decided['64x2']).toMatch(/^(small|register)-/);
  expect(allocator.bytes.current).toBe(0);
});

test.each(['auto', 'never'] as const)('%s leaves a software adapter to the static table', async (when) => {
  const holder = await testDevice();
  const model = { config: emojiDiT.config, weights: 'f32' } as const;
  const { submits, result } = await submitsOf(holder.device.queue, () =>
    chooseKernels(new Allocator(holder), model, base, { when }, {}),
  );
  expect(result).toEqual({ choice: base, info: { source: 'static', ms: 0, excluded: [] } });
  expect(submits).toBe(0);
});

test('a model whose kernels were tuned computes what its reference does, and says where the choice is from', async () => {
  const store = memoryStore();
  const golden = goldenTensors('dit-original-tiny');
  const load = async () => {
    const tuning = { when: 'always', store, tilings: { matmul: tilings, attention: [] }, budgetMs: unhurried } as const;
    const { model } = await loadModel('goldens/dit-original-tiny', { choice: base, tuning });
    const output = await model.forward(golden('x'), [...golden('timestep')], [...golden('class_labels')]);
    const { tuning: info } = model;
    model.dispose();
    expect(model.bytes.current).toBe(0);
    expect(relativeError(output, golden('out'))).toBeLessThan(1e-5);
    return info;
  };
  expect(await load()).toMatchObject({ source: 'measured', excluded: [] });
  expect(await load()).toMatchObject({ source: 'stored', excluded: [] });
});
