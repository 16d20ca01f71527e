import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { parseSafetensors, tensorToFloat32 } from '../safetensors/whole-file.ts';
import { scratchFolder } from '../testing/fixtures.ts';
import { TensorFile } from './tensor-file.ts';

const planned = [
  { name: 'half', dtype: 'F16', shape: [2] },
  { name: 'single', dtype: 'F32', shape: [2] },
] as const;

vi.mock('node:fs/promises', { spy: true });

test('tensors lie by the size of their elements, in whatever order they are written', async () => {
  const path = join(await scratchFolder(), 'a.safetensors');
  const bytes = await TensorFile.write(path, planned, { format: 'pt' }, async (file) => {
    await file.write('half', 2, Uint8Array.of(0, 0x40));
    await file.write('single', 0, new Uint8Array(Float32Array.of(5, 6).buffer));
    await file.write('half', 0, Uint8Array.of(0, 0x3c));
  });
  const content = await readFile(path);
  expect(content.length).toBe(bytes);
  const tensors = parseSafetensors(content);
  expect([...tensors].map(([name, tensor]) => [name, ...tensorToFloat32(tensor)])).toEqual([
    ['single', 5, 6],
    ['half', 1, 2],
  ]);
});

test('the file is closed when its header cannot be written, when filling it fails, and when bytes are missing', async () => {
  const folder = await scratchFolder();
  const full = new Error('full');
  const handle = await open(import.meta.filename);
  vi.spyOn(Object.getPrototypeOf(handle), 'write').mockRejectedValueOnce(full);
  await handle.close();
  vi.mocked(open).mockClear();
  const attempt = (name: string, fill: () => Promise<void>) => TensorFile.write(join(folder, name), planned, {}, fill);
  await expect(attempt('a', async () => {})).rejects.toBe(full);
  await expect(attempt('b', () => Promise.reject(full))).rejects.toBe(full);
  await expect(attempt('c', async () => {})).rejects.toThrow('12 bytes of the weights were not written');
  const opened = await Promise.all(vi.mocked(open).mock.results.map(({ value }) => value));
  expect(opened.map(({ fd }) => fd)).toEqual([-1, -1, -1]);
});
