import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { psnr } from '@webdit/core';
import { decode } from 'fast-png';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readLatents } from '../files.ts';
import { webdit } from '../testing/command.ts';

const { WEBDIT_ADAPTER: adapter = 'default' } = process.env;
const repository = fileURLToPath(new URL('../../../../', import.meta.url));
/** goldens/emoji-dit/golden.json: f32 arithmetic reaches 55 dB. */
const targetDecibels = 55;

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'webdit-generate-'));
});
afterAll(() => rm(scratch, { recursive: true }));

function pizza(...args: string[]) {
  const model = join(repository, 'models/emoji-dit');
  return webdit('generate', '--model', model, '--adapter', adapter, '--label', 'pizza', ...args);
}

async function generate(...args: string[]): Promise<string> {
  const run = await pizza(...args);
  expect(run.code, run.stderr).toBe(0);
  return run.stdout;
}

/** RGB bytes, pixel by pixel. */
async function pixels(path: string) {
  const { data, width, height, channels } = decode(await readFile(path));
  return { width, height, rgb: [...data].filter((_, i) => channels === 3 || i % 4 !== 3) };
}

it('webdit generate writes the golden pizza', async () => {
  const out = join(scratch, 'pizza.png');
  const stdout = await generate('--seed', '0', '--steps', '50', '--guidance', '3', '--out', out);
  expect(stdout).toMatch(
    /^adapter .+\npizza, seed 0, 50 steps of ddim-respaced, policy none, .+\nwrote .+pizza\.png\n$/,
  );
  const painted = await pixels(out);
  const golden = await pixels(join(repository, 'goldens/emoji-dit/pizza.png'));
  expect([painted.width, painted.height]).toEqual([golden.width, golden.height]);
  expect(psnr(painted.rgb, golden.rgb, 255)).toBeGreaterThanOrEqual(targetDecibels);
});

it('latents that were written are read as they were: two commands that start from them write the same bytes', async () => {
  const file = (name: string) => join(scratch, `${name}.safetensors`);
  const picture = (name: string) => join(scratch, `${name}.png`);
  await generate('--seed', '7', '--steps', '2', '--latents-out', file('start'));
  for (const name of ['first', 'second']) {
    const outputs = ['--latents-out', file(name), '--out', picture(name)];
    await generate('--latents-in', file('start'), '--steps', '2', ...outputs);
  }
  expect(await readFile(file('second'))).toEqual(await readFile(file('first')));
  expect(await readFile(picture('second'))).toEqual(await readFile(picture('first')));
  expect(await readFile(file('first'))).not.toEqual(await readFile(file('start')));
});

it('paints over a picture, and tells how much of the run that was', async () => {
  const file = (name: string) => join(scratch, name);
  const golden = join(repository, 'goldens/emoji-dit/pizza.png');
  const over = (strength: string, ...args: string[]) =>
    generate('--image', golden, '--strength', strength, '--steps', '4', '--seed', '7', ...args);
  expect(await over('0', '--out', file('same.png'))).toContain(
    'pizza, seed 7, 0 steps of ddim-respaced, policy none, ',
  );
  const same = await pixels(file('same.png'));
  expect(psnr(same.rgb, (await pixels(golden)).rgb, 255)).toBeGreaterThan(28);
  await over('0.5', '--latents-out', file('half.safetensors'), '--json', file('half.json'));
  const { image, strength, report } = JSON.parse(await readFile(file('half.json'), 'utf8'));
  expect([image, strength, report.steps.length]).toEqual([golden, 0.5, 2]);
});

it('latents that are no numbers are not written', async () => {
  const out = join(scratch, 'infinite.safetensors');
  const run = await pizza('--seed', '7', '--steps', '3', '--guidance', '3e38', '--latents-out', out);
  expect(run.stderr).toMatch(/^numeric: The latents of seed 7 .* after 3 steps .* Use a smaller guidanceScale .+\.$/m);
  expect(run.code).toBe(1);
  expect(existsSync(out)).toBe(false);
});

it('webdit generate paints a prompt from a file of embeddings, the same bytes twice', async () => {
  const model = join(scratch, 'pixart-tiny');
  expect((await webdit('synth', 'pixart-tiny', model)).code).toBe(0);
  const prompt = join(model, 'prompt_embeds.safetensors');
  const paint = async (name: string, ...args: string[]) => {
    const out = join(scratch, `${name}.safetensors`);
    const input = ['--model', model, '--prompt-embeds', prompt, '--width', '192', '--seed', '7', '--steps', '4'];
    const run = await webdit('generate', '--adapter', adapter, ...input, '--latents-out', out, ...args);
    expect(run.code, run.stderr).toBe(0);
    expect(run.stdout).toMatch(/, seed 7, 4 steps of dpmpp-linspace, policy /);
    return readFile(out);
  };
  const first = await paint('a');
  expect(await paint('b')).toEqual(first);
  expect(await paint('c', '--cache', 'fora:2')).not.toEqual(first);
  const latents = await readLatents(join(scratch, 'a.safetensors'));
  expect(latents.shape).toEqual([1, 4, 16, 24]);
  expect(latents.data.every(Number.isFinite)).toBe(true);
});

it('webdit embed writes what a prompt in words is painted from, to the byte', async () => {
  const model = join(scratch, 'text-to-image-tiny');
  expect((await webdit('synth', 'text-to-image-tiny', model)).code).toBe(0);
  const words = ['--prompt', 'A red Fox in the snow', '--negative-prompt', 'blurry photo'];
  const file = join(scratch, 'prompt.safetensors');
  const embedded = await webdit('embed', '--model', model, ...words, '--out', file);
  expect(embedded.stderr).toBe('');
  expect(embedded.stdout).toMatch(/: 7 tokens, 3 in the negative prompt, padded to 120, width 48\n$/);
  const paint = async (name: string, ...input: string[]) => {
    const latents = join(scratch, `${name}.safetensors`);
    const options = ['--model', model, '--adapter', adapter, '--seed', '7', '--steps', '2', '--latents-out', latents];
    const run = await webdit('generate', ...options, ...input);
    expect(run.code, run.stderr).toBe(0);
    return readFile(latents);
  };
  expect(await paint('file', '--prompt-embeds', file)).toEqual(await paint('words', ...words));
});
