import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openModelFolder } from '../model-folder.ts';
import { pathSource } from '../sources/path.ts';
import { copyOf, editJson, emojiDiT, errorOf } from '../testing/fixtures.ts';

describe('the preview map of a VAE', () => {
  test('comes with emoji-dit', async () => {
    const { vae } = await openModelFolder(pathSource(emojiDiT));
    expect(vae?.preview?.factors).toHaveLength(4);
    // Emoji stand on white: latents of 0 are light.
    for (const value of vae?.preview?.bias ?? []) expect(value).toBeGreaterThan(0.3);
  });

  test('may be missing when vae/config.json names none, and must be there when it does', async () => {
    const copy = await copyOf(emojiDiT);
    await rm(join(copy, 'vae/preview.json'));
    const error = await errorOf(openModelFolder(pathSource(copy)));
    expect([error.code, error.message.includes('vae/preview.json')]).toEqual(['not-found', true]);
    await editJson(join(copy, 'vae/config.json'), (json) => delete json.preview);
    expect((await openModelFolder(pathSource(copy))).vae?.preview).toBeNull();
  });

  test.each<[string, object, string]>([
    ['another format', { format: 'webdit-preview/2' }, 'has format webdit-preview/2'],
    ['a factor too few', { factors: [[1, 1, 1]] }, 'has factors that are not 4 triples'],
    ['a factor of four colours', { factors: Array(4).fill([1, 1, 1, 1]) }, 'has factors that are not 4 triples'],
    ['factors as text', { factors: Array(4).fill(['1', '1', '1']) }, 'has factors that are not 4 triples'],
    ['no bias', { bias: undefined }, 'has a bias that is not three numbers'],
    ['an unknown key', { gamma: 2.2 }, 'has the key gamma'],
  ])('is refused with %s', async (_, change, message) => {
    const copy = await copyOf(emojiDiT);
    const map = { format: 'webdit-preview/1', factors: Array(4).fill([0, 0, 0]), bias: [0, 0, 0], ...change };
    await writeFile(join(copy, 'vae/preview.json'), JSON.stringify(map));
    const error = await errorOf(openModelFolder(pathSource(copy)));
    expect(error.code).toBe('unsupported-config');
    expect(error.message).toContain(message);
  });
});
