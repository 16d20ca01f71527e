import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { golden } from '../testing/fixtures.ts';
import { encodeSafetensors, parseSafetensors, tensorToFloat32 } from './whole-file.ts';

describe('encodeSafetensors', () => {
  test('comes back the same, aligned, for every dtype and odd names', () => {
    const tensors = {
      '7': { dtype: 'U8', shape: [3], data: Uint8Array.of(1, 2, 255) },
      '3': { dtype: 'I8', shape: [1, 1], data: Int8Array.of(-5) },
      half: { dtype: 'F16', shape: [2], data: Uint16Array.of(0x3c00, 0xc000) },
      brain: { dtype: 'BF16', shape: [1], data: Uint16Array.of(0x3f80) },
      long: { dtype: 'I64', shape: [2], data: BigInt64Array.of(-3n, 9n) },
      int: { dtype: 'I32', shape: [], data: Int32Array.of(-70000) },
      'float ü': { dtype: 'F32', shape: [2, 1], data: Float32Array.of(0.1, Number.NaN) },
    } as const;
    const file = encodeSafetensors(tensors, { note: 'yes' });
    const parsed = parseSafetensors(file);
    expect(new DataView(file.buffer).getUint32(0, true) % 8).toBe(0);
    const values = Object.fromEntries([...parsed].map(([name, tensor]) => [name, [...tensorToFloat32(tensor)]]));
    expect(values).toEqual({
      '7': [1, 2, 255],
      '3': [-5],
      half: [1, -2],
      brain: [1],
      long: [-3, 9],
      int: [-70000],
      'float ü': [Math.fround(0.1), Number.NaN],
    });
    expect(parsed.get('float ü')?.shape).toEqual([2, 1]);
  });

  test('writes the bytes of a view, not of its buffer', () => {
    const data = Float32Array.of(1, 2, 3, 4).subarray(1, 3);
    const parsed = parseSafetensors(encodeSafetensors({ a: { dtype: 'F32', shape: [2], data } }));
    expect([...tensorToFloat32(parsed.get('a')!)]).toEqual([2, 3]);
  });

  test('refuses data that is not its shape', () => {
    const bad = { a: { dtype: 'F32', shape: [3], data: new Float32Array(2) } } as const;
    expect(() => encodeSafetensors(bad)).toThrow('Tensor a has 8 bytes, which is not shape [3] of F32.');
  });
});

describe('parseSafetensors', () => {
  test('reads a golden file', async () => {
    const tensors = parseSafetensors(await readFile(join(golden('dit-original-tiny'), 'golden.safetensors')));
    expect(tensors.get('ddim10_latents')?.shape).toEqual([10, 4, 16, 16]);
    expect(tensors.get('class_labels')?.dtype).toBe('I32');
    const init = tensorToFloat32(tensors.get('ddim10_init')!);
    expect(init).toHaveLength(1024);
    const square = init.reduce((sum, x) => sum + x * x, 0) / init.length;
    expect(square).toBeGreaterThan(0.9);
    expect(square).toBeLessThan(1.1);
  });
});
