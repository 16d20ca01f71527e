import { expect, test } from 'vitest';
import { type ContenderResult, judgeOutput, medianOrNull, peerRatios } from './peer-summary.ts';

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

test('what failed has no ratio, and nothing has one where WebDiT failed', () => {
  const off = ran('ort-webgpu', [10], { maxAbsoluteDifference: 0.5, error: 'its output differs' });
  const results = [ran('webdit', [100]), off, ran('ort-webgpu', [300]), ran('ort-wasm', [200], { threads: 1 })];
  expect(peerRatios(results)).toMatchObject({ ratioOverOrtWebgpu: 3, maxAbsoluteDifference: 1e-6 });
  for (const ours of [ran('webdit', [], { error: 'its output is not finite' }), ran('webdit', [Number.NaN])]) {
    expect(peerRatios([ours, ...results.slice(1)])).toMatchObject({ ratioOverOrtWebgpu: null, ratioOverOrtWasm: {} });
  }
});

test('an output counts that is finite, as long as ours and no further than 1e-4 from it', () => {
  const floats = (...values: number[]) => Float32Array.from(values);
  const ours = floats(1, -2, 3);
  expect(judgeOutput(floats(1, -2, 3 + 2 ** -14), ours)).toEqual({ maxAbsoluteDifference: 2 ** -14 });
  expect(judgeOutput(floats(1, -2.5, 3.25), ours)).toEqual({
    maxAbsoluteDifference: 0.5,
    error: "its output differs from WebDiT's by 5.0e-1, more than 0.0001",
  });
  expect(judgeOutput(floats(1, Number.NaN, 3), ours).error).toBe('its output is not finite');
  expect(judgeOutput(floats(Number.POSITIVE_INFINITY), undefined).error).toBe('its output is not finite');
  expect(judgeOutput(floats(1), ours).error).toBe('its output has 1 values, not 3');
  expect(judgeOutput(ours, undefined)).toEqual({ maxAbsoluteDifference: null });
});
