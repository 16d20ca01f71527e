import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeManifest } from './make-manifest.ts';
import { parseManifest } from './manifest.ts';
import { pathSource } from './sources/path.ts';
import { copyOf, emojiDiT, errorOf, golden } from './testing/fixtures.ts';

const file = { path: 'a.json', bytes: 2, sha256: 'a'.repeat(64) };

describe('the manifest of emoji-dit', () => {
  const read = async () => parseManifest(await readFile(join(emojiDiT, 'manifest.json'), 'utf8'));

  test('names the size and hash of each file', async () => {
    for (const { path, bytes, sha256 } of (await read()).files) {
      const content = await readFile(join(emojiDiT, path));
      const hash = createHash('sha256').update(content).digest('hex');
      expect({ path, bytes: content.length, sha256: hash }).toEqual({ path, bytes, sha256 });
    }
  });

  test('is what `webdit manifest` writes: every file that loading and generating read', async () => {
    const made = await makeManifest(pathSource(emojiDiT));
    expect(await read()).toEqual(made);
    const paths = made.files.map(({ path }) => path);
    expect(paths).toContain('vae/decoder.onnx');
    expect(paths).toContain('schedules/procache-50-b17.json');
    // Read for pictures that are painted over.
    expect(paths).toContain('vae/encoder.onnx');
  });
});

test('a manifest of a folder without an index lists its two files, and not itself', async () => {
  const folder = await copyOf(golden('dit-original-tiny'));
  const paths = async () => (await makeManifest(pathSource(folder))).files.map(({ path }) => path);
  expect(await paths()).toEqual(['config.json', 'model.safetensors']);
});

describe('parseManifest', () => {
  const parse = async (json: unknown) => parseManifest(JSON.stringify(json));

  test('reads what it is to read', async () => {
    const manifest = { format: 'webdit-manifest/1', files: [file] };
    expect(await parse({ ...manifest, note: 'ignored' })).toEqual(manifest);
  });

  test.each([
    [null, 'manifest.json has format undefined, not webdit-manifest/1.'],
    [{ format: 'x' }, 'manifest.json has format "x", not webdit-manifest/1.'],
    [{ files: {} }, 'manifest.json has no list "files".'],
    [{ files: [file, file] }, 'manifest.json lists a.json twice.'],
    [{ files: [null] }, /has an entry without path, bytes and sha256 .*: null\.$/],
    [{ files: [{ ...file, bytes: -1 }] }, /has an entry without path, bytes and sha256/],
    [{ files: [{ ...file, sha256: 'A'.repeat(64) }] }, /has an entry without path, bytes and sha256/],
  ])('refuses %j', async (json, message) => {
    const whole = json && !('format' in json) ? { format: 'webdit-manifest/1', ...json } : json;
    const error = await errorOf(parse(whole));
    expect(error).toMatchObject({ code: 'format', message: expect.stringMatching(message) });
  });
});
