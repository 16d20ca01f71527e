import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { convertModel } from '@webdit/weights/convert';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { compareCopies } from '../../../../testing/int8.ts';
import { repositoryPath } from '../../../../testing/repository.ts';
import { openDevice } from '../device.ts';
import { run } from '../run.ts';

const { WEBDIT_ADAPTER: adapter = 'default' } = process.env;
const golden = repositoryPath('goldens/dit-original-tiny');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'webdit-convert-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function webdit(...args: string[]): Promise<string[]> {
  const lines: string[] = [];
  const errors: string[] = [];
  const output = { line: (text: string) => void lines.push(text), progress: () => {} };
  const code = await run(args, output, (error) => errors.push(error));
  expect({ code, errors }).toEqual({ code: 0, errors: [] });
  return lines;
}

it('a checkpoint converts to a folder that its golden verifies', async () => {
  const converted = join(folder, 'tiny');
  await webdit('convert', join(golden, 'model.pt'), converted, '--dtype', 'f32');
  for (const name of ['golden.json', 'golden.safetensors']) await copyFile(join(golden, name), join(converted, name));
  expect((await webdit('verify', converted, '--adapter', adapter)).at(-1)).toMatch(/^PASS worst /);
});

// Of few steps; 16 pictures of 50 are in bench/results/int8-emoji-dit-50-node-lavapipe.json.
it('an int8 file paints what the f16 file does, to 30 dB', async () => {
  const model = repositoryPath('models/emoji-dit');
  const int8 = join(folder, 'int8');
  await convertModel(model, int8, { dtype: 'int8' });
  const { holder } = await openDevice(adapter);
  try {
    const pictures = await compareCopies([model, int8], { holder, pictures: 2, steps: 4 });
    for (const { psnrDb } of pictures) expect(psnrDb).toBeGreaterThanOrEqual(30);
    // The bytes are what is multiplied with: the pictures are not the same.
    for (const { psnrDb } of pictures) expect(psnrDb).toBeLessThan(60);
  } finally {
    holder.destroy();
  }
});
