import { relativeError } from '@webdit/core';
import { expect, test } from 'vitest';
import { goldenTensors, loadModel } from '../../../../testing/golden.ts';
import { benchLoadedModel } from './loaded.ts';

// SwiftShader needs 5 s alone on two cores, most of it compiling shaders.
const timeout = 120_000;

test('a loaded model is measured with its own weights, and computes as before', { timeout }, async () => {
  const { model } = await loadModel('goldens/dit-original-tiny');
  const golden = goldenTensors('dit-original-tiny');
  const loaded = model.bytes.current;
  const seen = new Set<string>();
  const report = await benchLoadedModel(model, 'tiny', { quick: true, onProgress: (what) => seen.add(what) });
  expect([...seen]).toEqual(['steps', 'ceilings']);
  expect(report.weights).toBe('f32');
  expect(report.ceilings.gflops.f32).toBeGreaterThan(0.1);
  expect(report.ceilings.gigabytesPerSecond).toBeGreaterThan(0.1);
  const [tiny] = report.steps;
  expect(tiny).toMatchObject({ model: 'tiny', depth: 6, dispatchesPerBlock: 7 });
  expect(tiny?.steps.map(({ kind }) => kind)).toEqual(['full', 'full, storing', 'reuse', 'selective']);
  const [full, , reuse, selective] = tiny?.steps ?? [];
  for (const { ms, gflop, megabytes, dispatches } of tiny?.steps ?? []) {
    for (const value of [ms, gflop, megabytes, dispatches]) expect(value).toBeGreaterThan(0);
  }
  expect(full?.ms).toBeGreaterThan(reuse?.ms ?? Number.NaN);
  expect(selective?.gflop).toBeGreaterThan(reuse?.gflop ?? Number.NaN);
  expect(selective?.gflop).toBeLessThan(full?.gflop ?? Number.NaN);

  const output = await model.forward(golden('x'), [...golden('timestep')], [...golden('class_labels')]);
  expect(relativeError(output, golden('out'))).toBeLessThan(1e-5);
  model.dispose();
  expect(loaded).toBeGreaterThan(0);
  expect(model.bytes.current).toBe(0);
});

test('an abort ends it with the signal’s reason, and the model goes on', { timeout }, async () => {
  const { model } = await loadModel('goldens/dit-original-tiny');
  const controller = new AbortController();
  const reason = new Error('enough');
  const run = benchLoadedModel(model, 'tiny', {
    quick: true,
    signal: controller.signal,
    onProgress: () => controller.abort(reason),
  });
  await expect(run).rejects.toBe(reason);
  const golden = goldenTensors('dit-original-tiny');
  const output = await model.forward(golden('x'), [...golden('timestep')], [...golden('class_labels')]);
  expect(relativeError(output, golden('out'))).toBeLessThan(1e-5);
  model.dispose();
});
