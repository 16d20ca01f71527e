import type { AutoencoderKLConfig } from '@webdit/core';
import { expect, test } from 'vitest';
import type { DeviceGrants } from '../memory/counting-device.ts';
import { countDecoder } from './decoder.ts';

/** The VAE of Stable Diffusion, DiT and PixArt. */
const stableDiffusion: AutoencoderKLConfig = {
  latentChannels: 4,
  outChannels: 3,
  blockOutChannels: [128, 256, 512, 512],
  layersPerBlock: 2,
  normNumGroups: 32,
  scalingFactor: 0.18215,
  shiftFactor: 0,
  usePostQuantConv: true,
  midBlockAddAttention: true,
};
const grants: DeviceGrants = {
  maxBufferSize: 2 ** 28,
  maxStorageBufferBindingSize: 2 ** 27,
  features: new Set(),
  isFallback: false,
};
const mib = 2 ** 20;
const grantsFor = (bindable: number) => ({
  ...grants,
  maxBufferSize: bindable * mib,
  maxStorageBufferBindingSize: bindable * mib,
});

test('a picture of 512 pixels takes less than 600 MiB in f32, by dispatches of at most 5 GFLOP', () => {
  const size = { height: 64, width: 64 };
  const f32 = countDecoder(stableDiffusion, size, { weightDType: 'f32' }, grants);
  expect(f32.weights / mib).toBeCloseTo(188.8, 1);
  expect((f32.weights + f32.activations) / mib).toBeLessThan(600);
  expect(f32.largestDispatch).toBeLessThanOrEqual(5e9);
  // 1257 G multiplications and additions, and the norms.
  expect(f32.flops).toBeGreaterThan(2 * 1257e9);
  expect(f32.flops).toBeLessThan(2.03 * 1257e9);
  const f16 = countDecoder(stableDiffusion, size, { weightDType: 'f16' }, grants);
  expect(f16.weights).toBeLessThan(0.505 * f32.weights);
  expect(f16.activations).toBe(f32.activations);
});

test('smaller bands take less memory', () => {
  const size = { height: 64, width: 64 };
  const activations = [1, 16 * mib, 64 * mib, 300 * mib].map(
    (bandBytes) => countDecoder(stableDiffusion, size, { weightDType: 'f32', bandBytes }, grantsFor(512)).activations,
  );
  expect(activations).toEqual([...activations].sort((a, b) => a - b));
  expect(new Set(activations).size).toBe(4);
});
