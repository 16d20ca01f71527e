import { attentionTilings } from '@webdit/shaders';
import { expect, test } from 'vitest';
import { cutAttention, tunedAttention } from './attention.ts';

const { register, small, workgroup } = attentionTilings;
const size = (tokens: number, heads = 4) => ({ batch: 2, tokens, heads, headDim: 64 });

test('a timed part has fewer heads before it has fewer queries', () => {
  const adapterInfo = { vendor: '', architecture: '', device: '', description: '', isFallback: false };
  const gpu = { adapterInfo, maxStorageBufferBindingSize: 2 ** 30 };
  expect(cutAttention(gpu, size(256, 16), 1e12)).toEqual({ size: size(256, 16), share: 1 });
  // 33.6 MFLOP a head.
  expect(cutAttention(gpu, size(256, 16), 1e8)).toMatchObject({ size: size(256, 2), share: 1 });
  const half = cutAttention(gpu, size(256, 16), 4 * 256 * 256 * 64);
  expect(half).toEqual({ size: size(256, 1), share: 0.5 });
  // No dispatch above the adapter's limit of 4 GFLOP: one head has 8.6.
  expect(cutAttention(gpu, size(4096, 16), 1e12).share).toBeCloseTo(0.466, 3);
  const capped = { ...gpu, maxStorageBufferBindingSize: 2 ** 20 };
  expect(cutAttention(capped, size(256, 16), 1e12).size.heads).toBe(2);
});

test('decided sizes get their tiling, others the base’s, and none one that failed or is too small', () => {
  const base = { attention: () => workgroup };
  const record = { decided: { '64x4': small.name }, checked: { [small.name]: true, [register.name]: true } };
  const tuned = tunedAttention(base, record);
  expect(tuned(size(64))).toBe(small);
  expect(tuned({ ...size(64), batch: 1 })).toBe(small);
  expect(tuned(size(64, 6))).toBe(workgroup);
  const checked = { ...record.checked, [workgroup.name]: false };
  const others = [small, register];
  expect(tunedAttention(base, { ...record, checked }, others)(size(100))).toBe(small);
  expect(tunedAttention(base, { ...record, checked }, others)(size(256))).toBe(register);
  const hopeless = { ...checked, [register.name]: false };
  expect(() => tunedAttention(base, { ...record, checked: hopeless }, others)(size(256))).toThrow(
    expect.objectContaining({ code: 'numeric' }),
  );
});
