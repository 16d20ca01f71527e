import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { serveFolder, splitWeights, startFakeHub, startLocalServer, widenEmbedders } from '@webdit/weights/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { readLatents, writeLatents } from './files.ts';
import { runHere as webdit } from './testing/in-process.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'webdit-cli-'));
});
afterEach(() => vi.unstubAllEnvs());
afterAll(() => {
  rmSync(folder, { recursive: true });
});

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
    ['goldens/pixart-tiny', 'diffusers', 'dpmpp-linspace', 'on 4 of 4 channels'],
  ])('reads %s', async (path, layout, sampler, guidance) => {
    const { code, lines } = await webdit('inspect', join(root, path));
    expect(code).toBe(0);
    const text = lines.join('\n');
    expect(text).toMatch(new RegExp(`^layout +${layout}$`, 'm'));
    expect(text).toMatch(new RegExp(`^sampler +${sampler},`, 'm'));
    expect(text).toMatch(new RegExp(`^guidance +${guidance}$`, 'm'));
  });

  it.each([
    [{ _class_name: 'FlowMatchEulerDiscreteScheduler', shift: 3 }, 'euler-flow, shift 3, 1000 training steps'],
    [
      { _class_name: 'DDPMScheduler', clip_sample: false, prediction_type: 'v_prediction' },
      'ddpm-leading, 1000 linear betas from 0.0001 to 0.02, v_prediction',
    ],
  ])('names the sampler of a config: %j', async (config, sampler) => {
    const model = join(folder, config._class_name);
    cpSync(join(root, 'goldens/dit-diffusers-tiny'), model, { recursive: true });
    writeFileSync(join(model, 'scheduler/scheduler_config.json'), JSON.stringify(config));
    const { code, lines } = await webdit('inspect', model);
    expect(code).toBe(0);
    expect(lines.map((line) => line.replace(/^sampler +/, ''))).toContain(sampler);
  });

  it('says what a PixArt is conditioned on', async () => {
    const { code, lines } = await webdit('inspect', join(root, 'goldens/pixart-tiny-microcond'));
    expect(code).toBe(0);
    const text = lines.join('\n');
    expect(text).toMatch(/^parameters +418568 \(0\.42 M\) in 107 tensors$/m);
    expect(text).toMatch(/^captions +embeddings of 48, at most 120 tokens$/m);
    expect(text).toMatch(/^size +height, width and aspect ratio are conditions$/m);
    expect(text).not.toMatch(/^classes/m);
  });

  it('reads a model of the hub, with the token of the environment', async () => {
    const hub = await startFakeHub(join(root, 'goldens/dit-diffusers-tiny'));
    try {
      hub.access = 'gated';
      vi.stubEnv('HF_ENDPOINT', `${hub.url}/`);
      const refused = await webdit('inspect', 'hf:owner/name');
      expect([refused.code, refused.errors.join('')]).toEqual([1, expect.stringContaining('HF_TOKEN')]);
      vi.stubEnv('HF_TOKEN', 'hf_right');
      const { code, lines } = await webdit('inspect', 'hf:owner/name');
      expect(code).toBe(0);
      expect(lines.join('\n')).toMatch(/^folder +hf:owner\/name$/m);
      const out = join(folder, 'from-the-hub');
      expect((await webdit('convert', 'hf:owner/name', out, '--dtype', 'f32')).code).toBe(0);
      expect((await webdit('inspect', out)).lines.join('\n')).toMatch(/^layout +native$/m);
      expect(lines.join('\n')).toMatch(/^note +The embedders of all 4 blocks are loaded: they differ\.$/m);
    } finally {
      await hub.server.stop();
    }
  });

  it('says what is left out of the download', async () => {
    const model = join(folder, 'wide');
    cpSync(join(root, 'goldens/dit-diffusers-tiny'), model, { recursive: true });
    const server = await startLocalServer();
    await serveFolder(server, await widenEmbedders(model));
    const { lines } = await webdit('inspect', server.url, '--policies', 'none');
    await server.stop();
    expect(lines).toContainEqual(expect.stringMatching(/^download +2\.3 MiB of weights$/));
    expect(lines).toContainEqual(expect.stringMatching(/^weights +transformer.*, 6\.3 MiB, /));
    const local = await webdit('inspect', model, '--policies', 'none');
    expect(local.lines).toContainEqual(expect.stringMatching(/^download +6\.3 MiB of weights$/));
  });

  it('reads shards', async () => {
    const copy = join(folder, 'sharded');
    cpSync(join(root, 'goldens/dit-original-tiny'), copy, { recursive: true });
    await splitWeights(join(copy, 'model.safetensors'), 2);
    const { code, lines } = await webdit('inspect', copy);
    expect(code).toBe(0);
    const files = '2 shards from model-00001-of-00002.safetensors to model-00002-of-00002.safetensors';
    expect(lines.join('\n')).toContain(`${files}, 1.1 MiB, mostly F32`);
  });
});

describe('convert', () => {
  it('writes a folder that says what it was made of', async () => {
    const out = join(folder, 'converted');
    const { code, lines, errors } = await webdit('convert', join(root, 'goldens/dit-original-tiny/model.pt'), out);
    expect({ code, errors }).toEqual({ code: 0, errors: [] });
    expect(lines).toEqual([`wrote ${out}: original, mostly F32, 1.1 MiB -> native, f16, 0.5 MiB`]);
    const inspected = await webdit('inspect', out);
    expect(inspected.lines).toContain('layout        native');

    // Scales are no parameters.
    await webdit('convert', out, `${out}-int8`, '--dtype', 'int8');
    const parameters = (lines: string[]) => /^parameters +(\d+) /m.exec(lines.join('\n'))?.[1];
    expect(parameters((await webdit('inspect', `${out}-int8`)).lines)).toBe(parameters(inspected.lines));
  });

  it('refuses what it does not know', async () => {
    const failed = await webdit(
      'convert',
      join(root, 'goldens/dit-original-tiny'),
      join(folder, 'q4'),
      '--dtype',
      'q4',
    );
    expect(failed.code).toBe(2);
    expect(failed.errors.join()).toContain('--dtype is "q4". Pass f32, f16 or int8.');
    const { code, errors } = await webdit('convert', join(folder, 'nothing.pt'), join(folder, 'made-of-nothing'));
    expect(code).toBe(1);
    expect(errors.join()).toContain('nothing.pt could not be read (ENOENT).');
    expect(existsSync(join(folder, 'made-of-nothing'))).toBe(false);
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

describe('inspect says whether a model will fit', () => {
  const inspect = (...options: string[]) => webdit('inspect', join(root, 'models/emoji-dit'), ...options);

  it('on any adapter, without one', async () => {
    const { code, lines, errors } = await inspect('--policies', 'none,fora:5,smoothcache');
    expect({ code, errors }).toEqual({ code: 0, errors: [] });
    const text = lines.join('\n');
    expect(text).toMatch(/^download +19\.1 MiB of weights, 3\.0 MiB of VAE decoder$/m);
    expect(text).toMatch(/buffers to 256\.0, bindings to 128\.0 \(as every WebGPU adapter grants\)$/m);
    expect(text).toMatch(/^Runs of 50 steps, guidance 3 \(batch 2\)/m);
    expect(text).toMatch(/^\| int8 +\| +11\.2 \| +16\.1 \|$/m);
    expect(text).toMatch(/^\| fora:5 +\| yes +\| +6\.2 \| +2\.0 \| +46\.4 \| +27\.9 \| +19\.3 \|$/m);
  });

  it('in so much memory, with a remedy', async () => {
    const { lines } = await inspect(
      '--policies',
      'none,fora',
      '--dtype',
      'f16',
      '--memory-mib',
      '20',
      '--guidance',
      '1',
    );
    expect(lines).toContainEqual(expect.stringMatching(/^Runs of 50 steps, guidance 1 \(batch 1\)/));
    expect(lines).toContainEqual(expect.stringMatching(/^\| none +\| no /));
    expect(lines).toContainEqual(
      expect.stringMatching(
        /^f16: With dtype f16 .+ more than the 20\.0 MiB there are\. Use dtype int8: that takes .+ MiB\.$/,
      ),
    );
  });

  it('and why a policy cannot run', async () => {
    const { lines } = await inspect('--policies', 'smoothcache', '--dtype', 'f16', '--steps', '20');
    expect(lines).toContainEqual(expect.stringMatching(/^smoothcache: .+calibrat/));
  });
});

describe('bad usage exits 2, other failures 1, with one line and a remedy', () => {
  const model = join(root, 'models/emoji-dit');
  const pizza = ['generate', '--model', model, '--label', 'pizza'];
  const out = ['--out', join(tmpdir(), 'never-written.png')];
  const picture = join(root, 'goldens/emoji-dit/pizza.png');
  const comparison = ['compare', '--model', model, '--policies', 'none'];
  const pattern50 = 'procache:s4x6.3x4.2x7';
  const schedule50 = join(model, 'schedules/procache-50-b17.json');
  const space = ['search', '--steps', '50', '--budget', '17', '--reuse', '1-3'];

  it.each([
    [2, /No command was given/, []],
    [2, /no command "paint"/, ['paint']],
    [2, /no command "toString"/, ['toString']],
    [2, /--model is missing/, ['generate', ...out]],
    [2, /Nothing says what to paint/, ['generate', '--model', model, ...out]],
    [2, /--label and --prompt-embeds both say/, [...pizza, ...out, '--prompt-embeds', 'prompt.safetensors']],
    [2, /--label and --prompt both say/, [...pizza, ...out, '--prompt', 'a red fox']],
    [2, /--negative-prompt goes with --prompt/, [...pizza, ...out, '--negative-prompt', 'blurry']],
    [
      1,
      /no\.safetensors could not be read/,
      ['generate', '--model', model, ...out, '--prompt-embeds', 'no.safetensors'],
    ],
    [2, /--height is 8\./, [...pizza, ...out, '--height', '8']],
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
    [2, /no sampler "heun"/, [...comparison, '--fewer-steps', '25,heun@16']],
    [2, /--fewer-steps names "dpmpp@0"/, [...comparison, '--fewer-steps', 'dpmpp@0']],
    [2, /no sampler "heun"/, [...comparison, '--scheduler', 'heun']],
    [2, /no sampler "dpm"/, [...pizza, ...out, '--scheduler', 'dpm']],
    [2, /--pairs is 0/, ['compare', '--model', model, '--policies', 'none', '--pairs', '0']],
    [1, /is not a saved comparison/, [...comparison, '--resume', join(root, 'package.json')]],
    [1, /no writable folder/, [...comparison, '--json', join(root, 'no/such/folder/a.json')]],
    [2, /--budget is missing/, ['search', '--steps', '50', '--reuse', '1-3', '--enumerate']],
    [2, /--reuse is "some"/, ['search', '--steps', '50', '--budget', '17', '--reuse', 'some', '--enumerate']],
    [2, /No pattern of 50 steps/, ['search', '--steps', '50', '--budget', '30', '--reuse', '1-3', '--enumerate']],
    [2, /--out is missing/, [...space, '--model', model]],
    [2, /There is no shard "4\/4"/, [...comparison, '--shard', '4/4', '--json', 'a.json']],
    [2, /where the shard goes/, [...comparison, '--shard', '0/2']],
    [2, /5 shards, but only 2/, [...comparison, '--shard', '0/5', '--json', 'a.json']],
    [2, /where the shard goes/, [...space, '--model', model, '--shard', '0/2']],
    [2, /A shard finds no schedule/, [...space, ...out, '--model', model, '--shard', '0/2', '--resume', 'a.json']],
    [2, /10 shards, but only 9/, [...space, '--model', model, '--shard', '0/10', '--resume', 'a.json']],
    [2, /--json is missing/, ['merge', 'a.json']],
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
    [2, /--strength says how much/, [...pizza, ...out, '--strength', '0.5']],
    [2, /The strength is 1\.5/, [...pizza, ...out, '--image', picture, '--strength', '1.5']],
    [2, /--image and --latents-in both/, [...pizza, ...out, '--image', picture, '--latents-in', 'a.safetensors']],
    [1, /nothing\.png could not be read/, [...pizza, ...out, '--image', join(root, 'nothing.png')]],
    [1, /is not a PNG/, [...pizza, ...out, '--image', join(root, 'README.md')]],
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
    writeFileSync(join(folder, 'golden.json'), JSON.stringify({ ...golden, kind: 'vqvae' }));
    expect(await webdit('verify', folder)).toEqual({
      code: 1,
      lines: [],
      errors: [
        'unsupported-config: Goldens of kind "vqvae" cannot be verified. Use a golden folder of kind dit, procache, pixart, vae.',
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
