import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { repositoryPath } from '../../../../testing/repository.ts';
import { runHere as webdit } from '../testing/in-process.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'webdit-synth-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const rejected = async (...args: string[]) => {
  const { code, errors } = await webdit('synth', ...args);
  expect(code).toBe(2);
  return errors.join('\n');
};

it('refuses what it does not know, before it writes', async () => {
  const out = join(folder, 'synth');
  expect(await rejected('dit-b-2', out)).toContain(
    'Use one of: dit-xl-2, dit-s-2, pixart-xl-2, pixart-tiny, text-to-image-tiny, sd-vae.',
  );
  expect(await rejected('dit-s-2', out, '--dtype', 'int8')).toContain('--dtype is "int8". Pass f32 or f16.');
  expect(await rejected('dit-s-2', out, '--size', '128')).toContain('--size is "128". Pass 256 or 512.');
  expect(await rejected('pixart-xl-2', out, '--size', '128')).toContain('Pass 256, 512 or 1024.');
  expect(await rejected('pixart-tiny', out, '--size', '256')).toContain('--size is "256". Pass 128.');
  expect(await rejected('dit-s-2', out, '--seed', '4294967')).toContain('Pass a whole number from 0 to 4294966.');
  expect(await rejected('dit-s-2')).toContain('takes 2 arguments');
  expect(await rejected('dit-s-2', out, '--width', '32')).toContain('dit-s-2 takes no --width. Leave it out.');
  expect(await rejected('sd-vae', out, '--size', '256')).toContain('sd-vae takes no --size.');
  expect(await rejected('sd-vae', out, '--width', '48')).toContain('--width 48 is not a multiple of 32');
  expect(existsSync(out)).toBe(false);
});

it('writes a small PixArt, which says what it is', async () => {
  const out = join(folder, 'pixart');
  const { code, lines } = await webdit('synth', 'pixart-tiny', out);
  expect([code, lines.join()]).toEqual([
    0,
    expect.stringMatching(/: pixart-tiny, 0\.41 M parameters, F16, 0\.8 MiB, in /),
  ]);
  const inspected = await webdit('inspect', out);
  expect(inspected.lines).toContain('layout        diffusers');
  expect(inspected.lines).toContain('sampler       dpmpp-linspace, 1000 linear betas from 0.0001 to 0.02');
});

it('writes a small text-to-image model, and a VAE alone', async () => {
  const out = join(folder, 'text-to-image');
  const made = await webdit('synth', 'text-to-image-tiny', out);
  expect(made.lines.join()).toMatch(
    /: text-to-image-tiny, transformer, VAE, tokenizer and text encoder, F16, 5\.3 MiB/,
  );
  const inspected = await webdit('inspect', out);
  expect(inspected.lines.find((line) => line.startsWith('vae '))).toMatch(/8 x, scaling factor 0\.18215, 128 x 128 /);
  const vae = await webdit('synth', 'sd-vae', join(folder, 'sd-vae'), '--width', '32', '--dtype', 'f32');
  expect(vae.lines.join()).toMatch(/: sd-vae, decoder of width 32, F32, 11\.9 MiB, in /);
});

it('writes over nothing', async () => {
  expect(await rejected('dit-s-2', repositoryPath('models'))).toContain('is not empty; nothing is written over it.');
});
