import { expect, it } from 'vitest';
import { droppedFiles, pickedFiles } from './picked-files.ts';

type Tree = string | { readonly [name: string]: Tree };

/** As browsers hand out what was dropped: a hundred children at a time. */
function entryOf(name: string, tree: Tree): FileSystemEntry {
  if (typeof tree === 'string') {
    const file = (resolve: (file: File) => void) => resolve(new File([tree], name));
    return { name, isFile: true, isDirectory: false, file } as unknown as FileSystemEntry;
  }
  const left = Object.entries(tree).map(([child, inside]) => entryOf(child, inside));
  const createReader = () => ({
    readEntries: (resolve: (some: FileSystemEntry[]) => void) => resolve(left.splice(0, 100)),
  });
  return { name, isFile: false, isDirectory: true, createReader } as unknown as FileSystemEntry;
}

const drop = (...trees: [name: string, tree: Tree][]) =>
  droppedFiles({
    items: trees.map(([name, tree]) => ({ webkitGetAsEntry: () => entryOf(name, tree) })),
  } as unknown as DataTransfer);

it('walks a dropped folder, with the paths of its files', async () => {
  const files = await drop(['tiny', { 'config.json': '{}', vae: { 'config.json': 'vae', empty: {} } }]);
  const texts = await Promise.all(files.map(async ({ path, file }) => [path, await file.text()]));
  expect(texts).toEqual([
    ['tiny/config.json', '{}'],
    ['tiny/vae/config.json', 'vae'],
  ]);
});

it('takes every file of a folder, and stops at a folder that holds too many', async () => {
  const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`${i}`, '']));
  expect(await drop(['m', many(250)])).toHaveLength(250);
  await expect(drop(['home', { a: many(600), b: many(600) }])).rejects.toThrow(/more than 1000 files/);
  await expect(drop(['home', many(2000)])).rejects.toThrow(/more than 1000 files/);
});

it('refuses a drop without files, such as text', async () => {
  await expect(drop()).rejects.toThrow('There are no files in it.');
  await expect(drop(['empty', {}])).rejects.toThrow('There are no files in it.');
});

it('takes picked files by their path in the folder, or their name', () => {
  const inside = Object.defineProperty(new File([''], 'config.json'), 'webkitRelativePath', { value: 'm/config.json' });
  expect(pickedFiles([inside, new File([''], 'w.safetensors')]).map(({ path }) => path)).toEqual([
    'm/config.json',
    'w.safetensors',
  ]);
});
