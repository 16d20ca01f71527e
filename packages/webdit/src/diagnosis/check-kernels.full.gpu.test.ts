import { pathSource } from '@webdit/weights/node';
import { expect, test } from 'vitest';
import { testDevice } from '../../../../testing/gpu.ts';
import { repositoryPath } from '../../../../testing/repository.ts';
import { DiffusionPipeline } from '../pipeline.ts';

test('checkKernels checks what the model may run, and info says what came of it', async () => {
  const { device } = await testDevice();
  const model = pathSource(repositoryPath('goldens/dit-original-tiny'));
  const pipe = await DiffusionPipeline.fromPretrained(model, { worker: false, device });
  const kernels: string[] = [];
  const { ok, checks, tuning } = await pipe.checkKernels({ onProgress: ({ check }) => kernels.push(check.kernel) });
  expect(ok).toBe(true);
  expect(checks.map(({ kernel }) => kernel)).toEqual(kernels);
  expect(new Set(checks.map(({ op }) => op))).toEqual(new Set(['attention.d24', 'matmul.f32']));
  expect(checks.length).toBeGreaterThan(8);
  for (const { error, tolerance } of checks) {
    expect(error).toBeGreaterThan(0);
    expect(error).toBeLessThanOrEqual(tolerance);
  }
  expect(tuning).toEqual({ source: 'static', ms: 0, excluded: [] });
  expect(pipe.info.tuning).toEqual(tuning);
  await pipe.dispose();
});
