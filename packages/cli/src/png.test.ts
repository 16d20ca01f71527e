import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readPng } from './png.ts';

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'webdit-png-'));
});
afterAll(() => rm(scratch, { recursive: true }));

async function read(png: Parameters<typeof encode>[0]) {
  const path = join(scratch, 'a.png');
  await writeFile(path, encode(png));
  const { width, height, data } = await readPng(path);
  return { width, height, data: [...data] };
}

const wide = (...values: number[]) => Uint16Array.from(values, (value) => 257 * value);

it.each([
  ['RGBA', Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), 4, 8, [1, 2, 3, 4, 5, 6, 7, 8]],
  ['RGB', Uint8Array.of(1, 2, 3, 5, 6, 7), 3, 8, [1, 2, 3, 255, 5, 6, 7, 255]],
  ['grey', Uint8Array.of(9, 200), 1, 8, [9, 9, 9, 255, 200, 200, 200, 255]],
  ['grey with alpha', Uint8Array.of(9, 100, 200, 0), 2, 8, [9, 9, 9, 100, 200, 200, 200, 0]],
  ['RGB of 16 bits', wide(1, 2, 3, 5, 6, 7), 3, 16, [1, 2, 3, 255, 5, 6, 7, 255]],
] as const)('%s', async (_, data, channels, depth, expected) => {
  expect(await read({ width: 2, height: 1, data, channels, depth })).toEqual({ width: 2, height: 1, data: expected });
});

it('a palette', async () => {
  const palette: [number, number, number][] = [
    [10, 20, 30],
    [40, 50, 60],
  ];
  const data = Uint8Array.of(0b01000000);
  const picture = await read({ width: 2, height: 1, data, channels: 1, depth: 1, palette });
  expect(picture.data).toEqual([10, 20, 30, 255, 40, 50, 60, 255]);
});
