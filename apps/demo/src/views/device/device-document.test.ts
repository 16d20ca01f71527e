import { expect, it } from 'vitest';
import type { TensorCheck, VerifyResult } from 'webdit';
import { deviceDocument, type GoldenState, type KernelsState, verdictOf } from './device-document.ts';

const check: TensorCheck = {
  case: 'forward',
  tensor: 'out',
  error: 1e-7,
  target: 1e-5,
  unit: '',
  severity: 0.01,
  ok: true,
  note: '',
};
const golden = (ok: boolean): GoldenState => {
  const one = { ...check, ok, error: ok ? 1e-7 : Number.NaN };
  const result: VerifyResult = {
    ok,
    checks: [one],
    worst: one,
    reference: 'PyTorch',
    dtype: 'f16',
    math: 'f32',
    kernels: { matmul: 'm' },
  };
  return { complete: true, checks: [one], result };
};
const kernels: KernelsState = { complete: true, checks: [], result: null };
const head = {
  date: '2026-01-02T03:04:05.000Z',
  webdit: '1',
  userAgent: 'x',
  hardwareConcurrency: 2,
  crossOriginIsolated: false,
};
const nothing = { adapter: null, pipeline: null, golden: null, kernels: null, benchmark: null };

it('says PASS only when all has been checked, and FAIL as soon as a tensor is off', () => {
  expect(verdictOf(null, null)).toBeNull();
  expect(verdictOf(golden(true), null)).toBeNull();
  expect(verdictOf(golden(true), { ...kernels, complete: false })).toBeNull();
  expect(verdictOf(golden(true), kernels)).toBe('PASS');
  expect(verdictOf(golden(false), null)).toBe('FAIL');
  expect(verdictOf(null, kernels)).toBeNull();
});

it('is one plain value, whatever is known', () => {
  expect(deviceDocument(head, nothing)).toEqual({
    format: 'webdit-device/1',
    ...head,
    adapter: null,
    pipeline: null,
    check: { verdict: null, golden: null, kernels: null },
    benchmark: null,
  });
  const text = JSON.stringify(deviceDocument(head, { ...nothing, golden: golden(false), kernels }));
  expect(JSON.parse(text).check).toMatchObject({
    verdict: 'FAIL',
    golden: { complete: true, ok: false, checks: [{ case: 'forward', error: null }], kernels: { matmul: 'm' } },
    kernels: { complete: true, ok: null, checks: [] },
  });
});

it('keeps what was done of a check that was stopped', () => {
  const stopped = { complete: false, checks: [check], result: null };
  const { check: found } = deviceDocument(head, { ...nothing, golden: stopped });
  expect(found).toEqual({ verdict: null, golden: { complete: false, checks: [check] }, kernels: null });
});
