import { chmod, lstat, mkdtemp, open, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeBytes, writeJson } from './files.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'webdit-files-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('writeBytes', () => {
  it('puts a whole new file in the place of the old one, which stays whole for whoever reads it', async () => {
    const path = join(folder, 'a.txt');
    await writeBytes(path, 'old');
    const reader = await open(path);
    await writeBytes(path, 'newer');
    expect(await reader.readFile('utf8')).toBe('old');
    await reader.close();
    expect(await readFile(path, 'utf8')).toBe('newer');
    expect(await readdir(folder)).toEqual(['a.txt']);
  });

  it('leaves the old file and nothing else when it fails', async () => {
    const path = join(folder, 'a.json');
    await writeJson(path, { whole: true });
    const bytes = { [Symbol.toPrimitive]: () => 'never' } as unknown as string;
    await expect(writeBytes(path, bytes)).rejects.toMatchObject({ code: 'not-found' });
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({ whole: true });
    await expect(writeBytes(folder, 'x')).rejects.toMatchObject({ message: expect.stringContaining('(EISDIR)') });
    await expect(writeBytes(join(folder, 'no/a.txt'), 'x')).rejects.toMatchObject({ code: 'not-found' });
    expect(await readdir(folder)).toEqual(['a.json']);
  });

  it('keeps permissions and links, and writes to devices', async () => {
    const [path, link] = [join(folder, 'a.txt'), join(folder, 'link.txt')];
    await writeFile(path, 'old');
    await chmod(path, 0o640);
    await symlink(path, link);
    await writeBytes(link, 'new');
    expect(await readFile(path, 'utf8')).toBe('new');
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
    expect((await stat(path)).mode & 0o777).toBe(0o640);
    await writeBytes('/dev/null', 'x');
    expect((await stat('/dev/null')).isCharacterDevice()).toBe(true);
  });
});
