import { registerTiling, splitKTiling, subgroupTiling, workgroupTiling } from '@webdit/shaders';
import { expect, test } from 'vitest';
import { emojiDiT } from '../bench/models.ts';
import { ditMatmulSizes } from './dit-sizes.ts';
import { cutSize, matmulCandidates, matmulClass, tunedMatmul } from './matmul.ts';

const register = registerTiling([8, 4], [8, 8]);
const splitK = splitKTiling(4, [8, 8]);
const workgroup = workgroupTiling([8, 8], [8, 8], 16);
const tilings = [register, splitK, workgroup];

test('rows fall into four classes', () => {
  const classes = [1, 4, 5, 16, 17, 64, 65, 4096].map((rows) => matmulClass({ rows, K: 8, N: 12 }));
  expect(classes).toEqual(['4', '4', '16', '16', '64', '64', 'many', 'many'].map((bound) => `${bound}x8x12`));
});

test('a timed part keeps K, caps rows, work and bytes, and is whole tiles of columns wide', () => {
  const adapterInfo = { vendor: '', architecture: '', device: '', description: '', isFallback: false };
  const gpu = { adapterInfo, maxStorageBufferBindingSize: 2 ** 30 };
  const large = { rows: 512, K: 1152, N: 4608 };
  expect(cutSize(gpu, 'f32', large, 1e12)).toEqual({ rows: 256, K: 1152, N: 4608 });
  expect(cutSize(gpu, 'f32', large, 2e8)).toEqual({ rows: 256, K: 1152, N: 256 });
  expect(cutSize(gpu, 'f32', large, 1)).toEqual({ rows: 256, K: 1152, N: 128 });
  const capped = { ...gpu, maxStorageBufferBindingSize: 8 * 2 ** 20 };
  expect(cutSize(capped, 'f32', large, 1e12).N).toBe(1792);
  expect(cutSize(capped, 'f16', large, 1e12).N).toBe(3584);
  expect(cutSize(gpu, 'f32', { rows: 2, K: 48, N: 20 }, 1)).toEqual({ rows: 2, K: 48, N: 20 });
});

test('decided sizes get their tiling, others the base’s, and none the one that failed', () => {
  const base = { matmul: ({ rows }: { rows: number }) => (rows <= 4 ? splitK : workgroup) };
  const size = (rows: number, N = 64) => ({ rows, K: 32, N });
  const record = { decided: { '16x32x64': splitK.name }, checked: { [register.name]: true, [splitK.name]: true } };
  const candidates = new Map(tilings.map((tiling) => [tiling.name, tiling]));
  const tuned = tunedMatmul(base, record, candidates);
  expect(tuned(size(9))).toBe(splitK);
  expect(tuned(size(17))).toBe(workgroup);
  expect(tuned(size(9, 128))).toBe(workgroup);
  const checked = { ...record.checked, [workgroup.name]: false };
  const failed = tunedMatmul(base, { ...record, checked }, candidates);
  expect(failed(size(17))).toBe(register);
  expect(failed(size(2))).toBe(splitK);
});

test('candidates are the list and what the base runs, also where another size of it wins, but none the device cannot run', () => {
  const base = { matmul: ({ rows }: { rows: number }) => (rows <= 4 ? splitK : workgroup) };
  const sizes = [2, 64].map((rows) => ({ rows, K: 32, N: 64 }));
  const quads = subgroupTiling([8, 4], [8, 8]);
  const candidates = (...features: string[]) =>
    matmulCandidates({ features: new Set(features) }, { sizes, base }, [register, quads]);
  expect([...candidates('subgroups').values()]).toEqual([register, quads, splitK, workgroup]);
  expect([...candidates().values()]).toEqual([register, splitK, workgroup]);
  const tuned = tunedMatmul(base, { decided: { '64x32x64': splitK.name }, checked: {} }, candidates());
  expect(tuned({ rows: 64, K: 32, N: 64 })).toBe(splitK);
});

test('the sizes of a model fall into a few classes, those of full steps first', () => {
  const classes = [...new Set(ditMatmulSizes(emojiDiT.config).map(matmulClass))];
  expect(classes.slice(0, 4)).toEqual(['manyx256x1024', 'manyx1024x256', 'manyx256x768', 'manyx256x256']);
  // A selective step's 2 x 4 rows come next.
  expect(classes.slice(4, 6)).toEqual(['16x256x1024', '16x1024x256']);
  expect(classes).toHaveLength(14);
});
