import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { errorOf, scratchFolder } from '../testing/fixtures.ts';
import { writeWholeFolder } from './whole-folder.ts';

const fill = async (folder: string) => {
  await writeFile(join(folder, 'a'), 'whole');
  return 7;
};

test('a folder takes its name once it is whole', async () => {
  const parent = await scratchFolder();
  const path = join(parent, 'out');
  const seen: string[][] = [];
  const result = await writeWholeFolder(path, async (folder) => {
    seen.push(await readdir(parent));
    return fill(folder);
  });
  expect(result).toBe(7);
  expect(seen).toEqual([[expect.stringMatching(/^out\.[0-9a-f]{8}\.part$/)]]);
  expect(await readdir(parent)).toEqual(['out']);
  expect(await readFile(join(path, 'a'), 'utf8')).toBe('whole');
});

test('an empty folder may be there before', async () => {
  const path = await scratchFolder();
  await writeWholeFolder(path, fill);
  expect(await readdir(path)).toEqual(['a']);
});

test('nothing is left of a folder that failed', async () => {
  const parent = await scratchFolder();
  const failure = new Error('half way');
  const work = async (folder: string) => {
    await fill(folder);
    throw failure;
  };
  await expect(writeWholeFolder(join(parent, 'out'), work)).rejects.toBe(failure);
  expect(await readdir(parent)).toEqual([]);
});

test('a full disk is quota', async () => {
  const full = Object.assign(new Error('no space'), { code: 'ENOSPC', syscall: 'write' });
  const path = join(await scratchFolder(), 'out');
  const error = await errorOf(writeWholeFolder(path, () => Promise.reject(full)));
  expect(error).toMatchObject({ code: 'quota', message: `${path} could not be written (ENOSPC).` });
});

test('what is there is not written over', async () => {
  const parent = await scratchFolder();
  const path = join(parent, 'out');
  await mkdir(path);
  await writeFile(join(path, 'mine'), '');
  const error = await errorOf(writeWholeFolder(path, fill));
  expect(error).toMatchObject({ code: 'bad-argument', message: `${path} is not empty; nothing is written over it.` });
  const file = await errorOf(writeWholeFolder(join(path, 'mine'), fill));
  expect(file).toMatchObject({ code: 'bad-argument', message: expect.stringContaining('is a file') });
  expect(await readdir(parent)).toEqual(['out']);
});

test('there must be a folder to write into', async () => {
  const path = join(await scratchFolder(), 'no/where');
  expect(await errorOf(writeWholeFolder(path, fill))).toMatchObject({
    code: 'not-found',
    message: `${path} could not be written (ENOENT).`,
  });
});
