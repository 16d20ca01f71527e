import { existsSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeSafetensors, type ParsedTensor, parseSafetensors } from '@webdit/weights';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { webdit } from '../testing/command.ts';

const { WEBDIT_ADAPTER: adapter = 'default' } = process.env;
const emojiDiT = fileURLToPath(new URL('../../../../models/emoji-dit', import.meta.url));
let scratch: string;
let model: string;
let weights: string;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'webdit-generate-'));
  model = join(scratch, 'emoji-dit');
  weights = join(model, 'transformer/diffusion_pytorch_model.safetensors');
  await cp(emojiDiT, model, { recursive: true });
  // Builds the command if that is due, and says so on stderr.
  await webdit('help');
});
afterAll(() => rm(scratch, { recursive: true }));

function generate(folder: string, label: string) {
  const out = ['--latents-out', join(scratch, 'latents.safetensors')];
  return webdit('generate', '--model', folder, '--adapter', adapter, '--label', label, '--steps', '1', ...out);
}

async function reshape(): Promise<void> {
  const tensors = parseSafetensors(await readFile(join(emojiDiT, 'transformer/diffusion_pytorch_model.safetensors')));
  const bias = tensors.get('x_embedder.proj.bias') as ParsedTensor;
  tensors.set('x_embedder.proj.bias', { ...bias, shape: [2, 128] });
  await writeFile(weights, encodeSafetensors(Object.fromEntries(tensors)));
}

describe('webdit generate says in one line what is wrong and what to do', () => {
  it.each([
    ['an unknown label', 2, /^unknown-label: .*"piza"\. Did you mean pizza\?$/, 'piza', null],
    ['wrong-shaped weights', 1, /^shape-mismatch: .*x_embedder\.proj\.bias.*\[2, 128\].* .+\.$/, 'pizza', reshape],
    ['truncated weights', 1, /^format: .*truncated.* .+\.$/, 'pizza', () => truncate(weights, 5_000_000)],
    ['missing weights', 1, /^not-found: .*model\.safetensors.* Check .+\.$/, 'pizza', () => rm(weights)],
  ] as const)('%s', async (_, code, line, label, damage) => {
    await damage?.();
    const { stderr, ...run } = await generate(damage ? model : emojiDiT, label);
    // Dawn itself warns there of limits it lowers on lavapipe.
    const lines = stderr.split('\n').filter((text) => text !== '' && !text.startsWith('Warning: maxDynamic'));
    expect(lines).toEqual([expect.stringMatching(line)]);
    expect(run.code).toBe(code);
    expect(existsSync(join(scratch, 'latents.safetensors'))).toBe(false);
  });
});
