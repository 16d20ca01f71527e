import { type AttentionTiling, attentionTilings } from '@webdit/shaders';
import { expect, test } from 'vitest';
import { dispatchCostLimit } from '../slicer.ts';
import { attentionCandidates, cutAttention, tunedAttention } from './attention.ts';

const { quads, register, small, workgroup } = attentionTilings;
const size = (tokens: number, heads = 4) => ({ batch: 2, tokens, heads, headDim: 64 });

test('a timed part has fewer heads before it has fewer queries', () => {
  const adapterInfo = { vendor: '', architecture: '', device: '', description: '', isFallback: false };
  const gpu = { adapterInfo, maxStorageBufferBindingSize: 2 ** 30 };
  expect(cutAttention(gpu, size(256, 16), 1e12)).toEqual({ size: size(256, 16), share: 1 });
  // 33.6 MFLOP a head.
  expect(cutAttention(gpu, size(256, 16), 1e8)).toMatchObject({ size: size(256, 2), share: 1 });
  const half = cutAttention(gpu, size(256, 16), 4 * 256 * 256 * 64);
  expect(half).toEqual({ size: size(256, 1), share: 0.5 });
  // No dispatch above the adapter's limit: one head has 8.6 GFLOP.
  expect(cutAttention(gpu, size(4096, 16), 1e12).share).toBeCloseTo(dispatchCostLimit(adapterInfo) / 2 ** 33, 6);
  const capped = { ...gpu, maxStorageBufferBindingSize: 2 ** 20 };
  expect(cutAttention(capped, size(256, 16), 1e12).size.heads).toBe(2);
});

test('decided sizes get their tiling, others the base’s, and none one that failed or is too small', () => {
  const base = { attention: () => workgroup };
  const record = { decided: { '64x4': small.name }, checked: { [small.name]: true, [register.name]: true } };
  const map = (...tilings: AttentionTiling[]) => new Map(tilings.map((tiling) => [tiling.name, tiling]));
  const tuned = tunedAttention(base, record, map(small));
  expect(tuned(size(64))).toBe(small);
  expect(tuned({ ...size(64), batch: 1 })).toBe(small);
  expect(tuned(size(64, 6))).toBe(workgroup);
  const checked = { ...record.checked, [workgroup.name]: false };
  const others = map(small, register);
  expect(tunedAttention(base, { ...record, checked }, others)(size(100))).toBe(small);
  expect(tunedAttention(base, { ...record, checked }, others)(size(256))).toBe(register);
  const hopeless = { ...checked, [register.name]: false };
  expect(() => tunedAttention(base, { ...record, checked: hopeless }, others)(size(256))).toThrow(
    expect.objectContaining({ code: 'numeric' }),
  );
});

test('candidates are the list and what the base runs, but none the device cannot run', () => {
  const candidates = (...features: string[]) =>
    attentionCandidates({ features: new Set(features) }, size(64), { attention: () => workgroup }, [quads]);
  expect([...candidates('subgroups').values()]).toEqual([quads, workgroup]);
  expect([...candidates().values()]).toEqual([workgroup]);
  const tuned = tunedAttention(
    { attention: () => small },
    { decided: { '64x4': workgroup.name }, checked: {} },
    candidates(),
  );
  expect(tuned(size(64))).toBe(workgroup);
});
