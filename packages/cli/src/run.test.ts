import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { readLatents, writeLatents } from './files.ts';
import { run } from './run.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'webdit-cli-'));
});
afterEach(() => vi.unstubAllEnvs());
afterAll(() => {
  rmSync(folder, { recursive: true });
});

async function webdit(...args: string[]): Promise<{ code: number; lines: string[]; errors: string[] }> {
  const lines: string[] = [];
  const errors: string[] = [];
  const output = { line: (text: string) => lines.push(text), progress: () => {} };
  const code = await run(args, output, (text) => errors.push(text));
  return { code, lines, errors };
}

describe('inspect', () => {
  it('says what the bundled model holds', async () => {
    const { code, lines, errors } = await webdit('inspect', join(root, 'models/emoji-dit'));
    expect({ code, errors }).toEqual({ code: 0, errors: [] });
    const text = lines.join('\n');
    expect(text).toMatch(/^layout +native$/m);
    expect(text).toMatch(/^parameters +10014224 \(10\.01 M\) in 92 tensors$/m);
    expect(text).toMatch(/^width +256, 4 heads of 64, MLP 1024$/m);
    expect(text).toMatch(/^sampler +ddim-respaced, 1000 linear betas from 0\.0001 to 0\.02$/m);
    expect(text).toMatch(/^classes +1008, 😀 grinning face, /m);
    expect(text).toMatch(/^vae +vae\/decoder\.onnx, 4 x, scaling factor 0\.98\d+, 64 x 64 pixels$/m);
    expect(text).toMatch(/^x_embedder\.proj\.weight +F16 {2}\[256, 4, 2, 2\]$/m);
  });

  it.each([
    ['goldens/dit-original-tiny', 'original', 'ddim-respaced', 'on 3 of 4 channels'],
    ['goldens/dit-diffusers-tiny', 'diffusers', 'ddim-leading', 'on 4 of 4 channels'],
  ])('reads %s', async (path, layout, sampler, guidance) => {
    const { code, lines } = await webdit('inspect', join(root, path));
    expect(code).toBe(0);
    const text = lines.join('\n');
    expect(text).toMatch(new RegExp(`^layout +${layout}$`, 'm'));
    expect(text).toMatch(new RegExp(`^sampler +${sampler},`, 'm'));
    expect(text).toMatch(new RegExp(`^guidance +${guidance}$`, 'm'));
  });
});

it('manifest writes size and hash of each file that a load reads', async () => {
  const copy = join(folder, 'tiny');
  cpSync(join(root, 'goldens/dit-original-tiny'), copy, { recursive: true });
  const { code, lines, errors } = await webdit('manifest', copy);
  expect({ code, errors }).toEqual({ code: 0, errors: [] });
  const { format, files } = JSON.parse(readFileSync(join(copy, 'manifest.json'), 'utf8'));
  expect(format).toBe('webdit-manifest/1');
  expect(files).toMatchObject([
    { path: 'config.json', bytes: 173 },
    { path: 'model.safetensors', bytes: 1_120_600 },
  ]);
  expect(lines).toEqual(
    files.map(({ path, bytes, sha256 }: Record<string, unknown>) => `${sha256}  ${bytes}  ${path}`),
  );
  expect(await webdit('manifest', join(folder, 'none'))).toMatchObject({ code: 1, errors: [/no writable folder/] });
});

it('search --enumerate prints the patterns and nothing else', async () => {
  const space = ['--steps', '50', '--budget', '17', '--reuse', '1-3'];
  const { code, lines, errors } = await webdit('search', ...space, '--enumerate');
  expect({ code, errors }).toEqual({ code: 0, errors: [] });
  expect(lines).toHaveLength(9);
  for (const line of lines) expect(line).toMatch(/^1[01]{49}$/);
  expect(lines).toContain('10001000100010001000100010010010010010101010101010');
  expect((await webdit('search', '--steps', '20', '--budget', '10', '--reuse', '1', '--enumerate')).lines).toEqual([
    '10'.repeat(10),
  ]);
});

describe('bad usage exits 2, other failures 1, with one line and a remedy', () => {
  const model = join(root, 'models/emoji-dit');
  const pizza = ['generate', '--model', model, '--label', 'pizza'];
  const out = ['--out', join(tmpdir(), 'never-written.png')];
  const comparison = ['compare', '--model', model, '--policies', 'none'];
  const pattern50 = 'procache:s4x6.3x4.2x7';
  const schedule50 = join(model, 'schedules/procache-50-b17.json');
  const space = ['search', '--steps', '50', '--budget', '17', '--reuse', '1-3'];

  it.each([
    [2, /No command was given/, []],
    [2, /no command "paint"/, ['paint']],
    [2, /no command "toString"/, ['toString']],
    [2, /--model is missing/, ['generate', ...out]],
    [2, /Unknown option/, [...pizza, ...out, '--colour', 'red']],
    [2, /number of steps is 0/, [...pizza, ...out, '--steps', '0']],
    [2, /number of steps is 1001/, [...pizza, ...out, '--steps', '1001']],
    [2, /--guidance is "NaN"/, [...pizza, ...out, '--guidance', 'NaN']],
    [2, /guidance scale is 1e\+39/, [...pizza, ...out, '--guidance', '1e39']],
    [2, /--seed is "-1"/, [...pizza, ...out, '--seed=-1']],
    [2, /no cache policy named "procash"/, [...pizza, ...out, '--cache', 'procash']],
    [2, /takes no settings/, [...pizza, ...out, '--cache', 'none:fast']],
    [2, /pattern is for 50 steps, but the run has 20/, [...pizza, ...out, '--steps', '20', '--cache', pattern50]],
    [2, /schedule is for 50 steps, but the run has 20/, [...pizza, ...out, '--steps', '20', '--cache', schedule50]],
    [2, /pattern is for 50 steps, but the run has 20/, [...comparison, '--steps', '20', '--policies', pattern50]],
    [2, /--dtype is "int3"/, [...pizza, ...out, '--dtype', 'int3']],
    [1, /schedule\.json could not be read/, [...pizza, ...out, '--cache', join(root, 'schedule.json')]],
    [1, /sets format to nothing/, [...pizza, ...out, '--cache', join(root, 'package.json')]],
    [2, /where the picture goes/, pizza],
    [2, /what to compare/, ['compare', '--model', model]],
    [2, /no cache policy named "procash"/, ['compare', '--model', model, '--policies', 'none,procash']],
    [2, /--policies is "none,"/, ['compare', '--model', model, '--policies', 'none,']],
    [2, /--fewer-steps names "x"/, ['compare', '--model', model, '--policies', 'none', '--fewer-steps', '25,x']],
    [2, /--pairs is 0/, ['compare', '--model', model, '--policies', 'none', '--pairs', '0']],
    [1, /is not a saved comparison/, [...comparison, '--resume', join(root, 'package.json')]],
    [1, /no writable folder/, [...comparison, '--json', join(root, 'no/such/folder/a.json')]],
    [2, /--budget is missing/, ['search', '--steps', '50', '--reuse', '1-3', '--enumerate']],
    [2, /--reuse is "some"/, ['search', '--steps', '50', '--budget', '17', '--reuse', 'some', '--enumerate']],
    [2, /No pattern of 50 steps/, ['search', '--steps', '50', '--budget', '30', '--reuse', '1-3', '--enumerate']],
    [2, /--out is missing/, [...space, '--model', model]],
    [2, /--model is missing/, [...space, ...out]],
    [2, /--out is missing/, ['fit-preview', '--model', model]],
    [2, /--mode is "fast"/, [...space, ...out, '--model', model, '--mode', 'fast']],
    [2, /--dtype is "f64"/, ['verify', join(root, 'goldens/emoji-dit'), '--dtype', 'f64']],
    [2, /besides its options/, ['inspect']],
    [2, /--steps is 0/, ['verify', join(root, 'goldens/emoji-dit'), '--steps', '0']],
    [2, /no run "dog"/, ['verify', join(root, 'goldens/emoji-dit'), '--runs', 'dog']],
    [2, /no sweep of "norm"/, ['bench', '--sweep', 'norm']],
    [2, /--dtype does nothing with --sweep/, ['bench', '--sweep', 'matmul', '--dtype', 'f16']],
    [2, /--dtype is "f8"/, ['bench', '--dtype', 'f8']],
    [1, /no writable folder/, ['bench', '--json', join(root, 'no/such/folder/a.json')]],
    [1, /no writable folder/, [...pizza, '--out', join(root, 'no/such/folder/a.png')]],
    [1, /could not be read/, [...pizza, ...out, '--latents-in', join(root, 'nothing.safetensors')]],
    [1, /is not a model folder/, ['inspect', join(root, 'goldens')]],
    [1, /has no file golden\.json/, ['verify', model]],
  ] as const)('%i: %s', async (expected, message, args) => {
    const { code, lines, errors } = await webdit(...args);
    expect(errors).toEqual([expect.stringMatching(message)]);
    expect(errors[0]).toMatch(/^[a-z-]+: .+\. .+[.?]$/);
    expect({ code, lines }).toEqual({ code: expected, lines: [] });
  });

  it('says which driver is not installed', async () => {
    vi.stubEnv('XDG_DATA_DIRS', folder);
    vi.stubEnv('HOME', folder);
    expect(await webdit(...pizza, ...out, '--adapter', 'lavapipe')).toEqual({
      code: 1,
      lines: [],
      errors: [
        expect.stringMatching(/^adapter-unavailable: The lavapipe driver is not installed\. Install Mesa .+\.$/),
      ],
    });
  });

  it('refuses goldens it cannot run', async () => {
    const golden = JSON.parse(readFileSync(join(root, 'goldens/dit-original-tiny/golden.json'), 'utf8'));
    writeFileSync(join(folder, 'golden.json'), JSON.stringify({ ...golden, kind: 'vae' }));
    expect(await webdit('verify', folder)).toEqual({
      code: 1,
      lines: [],
      errors: [
        'unsupported-config: Goldens of kind "vae" cannot be verified. Use a golden folder of kind dit or procache.',
      ],
    });
  });
});

it('prints help on stdout', async () => {
  for (const args of [['--help'], ['help'], ['generate', '--help']]) {
    const { code, lines } = await webdit(...args);
    expect(code).toBe(0);
    expect(lines.join('\n')).toMatch(/webdit generate --model/);
  }
});

describe('latents files', () => {
  it('come back as they were written', async () => {
    const path = join(folder, 'latents.safetensors');
    const latents = { data: Float32Array.of(1.5, -2, 0, 3e-8), shape: [1, 4, 1, 1] };
    await writeLatents(path, latents);
    expect(await readLatents(path)).toEqual(latents);
  });

  it('must hold one tensor, or one called latents', async () => {
    await expect(readLatents(join(root, 'goldens/emoji-dit/golden.safetensors'))).rejects.toMatchObject({
      code: 'format',
      message: expect.stringContaining('pizza_init'),
    });
  });
});
