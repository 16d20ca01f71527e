import { expect, test } from 'vitest';
import { type ContenderResult, maxAbsoluteDifference, medianOrNull, peerRatios } from './peer-summary.ts';

const ran = (runtime: ContenderResult['runtime'], samples: number[], more: Partial<ContenderResult> = {}) => ({
  name: runtime,
  runtime,
  samples,
  ms: medianOrNull(samples),
  maxAbsoluteDifference: runtime === 'webdit' ? null : 1e-6,
  notes: [],
  ...more,
});

test("the better of onnxruntime-web's WebGPU medians counts, and wasm by its threads", () => {
  const ratios = peerRatios([
    ran('webdit', [100, 90, 400]),
    ran('ort-webgpu', [900, 800, 850]),
    ran('ort-webgpu', [700, 690, 5000], { maxAbsoluteDifference: 3e-6 }),
    ran('ort-webgpu', [], { maxAbsoluteDifference: null, error: 'no graph capture' }),
    ran('ort-wasm', [150], { threads: 1 }),
    ran('ort-wasm', [50], { threads: 2 }),
  ]);
  expect(ratios).toEqual({
    ratioOverOrtWebgpu: 7,
    ratioOverOrtWasm: { '1': 1.5, '2': 0.5 },
    maxAbsoluteDifference: 3e-6,
  });
});

test('what did not run has no ratio', () => {
  const failed = ran('ort-webgpu', [], { maxAbsoluteDifference: null });
  expect(peerRatios([ran('webdit', [100]), failed])).toEqual({
    ratioOverOrtWebgpu: null,
    ratioOverOrtWasm: {},
    maxAbsoluteDifference: null,
  });
});

test('differences are absolute, and no NaN slips through', () => {
  expect(maxAbsoluteDifference([1, -2, 3], [1, -2.5, 3.25])).toBe(0.5);
  expect(maxAbsoluteDifference([1, Number.NaN], [1, 2])).toBe(Number.POSITIVE_INFINITY);
  expect(maxAbsoluteDifference([1], [1, 2])).toBe(Number.POSITIVE_INFINITY);
});
