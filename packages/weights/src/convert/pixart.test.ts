import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openModelFolder } from '../model-folder.ts';
import { parseSafetensors, tensorToFloat32 } from '../safetensors/whole-file.ts';
import { pathSource } from '../sources/path.ts';
import { golden, load, sameBytes, scratchFolder } from '../testing/fixtures.ts';
import { convertModel } from './convert.ts';
import type { StoredDType } from './sink.ts';

const weights = 'transformer/diffusion_pytorch_model.safetensors';

async function convert(input: string, dtype: StoredDType) {
  const path = join(await scratchFolder(), 'out');
  await convertModel(input, path, { dtype });
  return path;
}

const tensorsIn = async (folder: string) => parseSafetensors(await readFile(join(folder, weights)));
const json = async (folder: string, path: string) => JSON.parse(await readFile(join(folder, path), 'utf8'));

describe.each(['pixart-tiny', 'pixart-tiny-microcond'])('convert makes of %s', (name) => {
  const diffusers = golden(name);

  test('a native folder that says what is its own', async () => {
    const path = await convert(diffusers, 'f32');
    const [made, source] = [await openModelFolder(pathSource(path)), await openModelFolder(pathSource(diffusers))];
    expect(made).toMatchObject({ layout: 'native', weightsDType: 'F32', classes: null });
    for (const key of ['config', 'scheduler', 'defaults'] as const) expect(made[key]).toEqual(source[key]);
    expect(await json(path, 'model_index.json')).toEqual({
      _class_name: 'PixArtAlphaPipeline',
      transformer: ['webdit', 'PixArt'],
      scheduler: ['diffusers', 'DPMSolverMultistepScheduler'],
    });
    const [{ tensors }, { tensors: expected }] = [await load(path), await load(diffusers)];
    expect([...tensors.keys()].sort()).toEqual([...expected.keys()].sort());
    const wrong = [...expected].filter(([name, { bytes }]) => !sameBytes(tensors.get(name)?.bytes, bytes));
    expect(wrong).toEqual([]);
  });

  test('halves, which are the floats rounded', async () => {
    const path = await convert(diffusers, 'f16');
    const tensors = await tensorsIn(path);
    expect(new Set(Array.from(tensors.values(), ({ dtype }) => dtype))).toEqual(new Set(['F16']));
    const halves = await load(diffusers, 'F16');
    const wrong = [...tensors].filter(([name, { data }]) => !sameBytes(halves.tensors.get(name)?.bytes, data));
    expect(wrong).toEqual([]);
  });

  test('bytes of the linears of blocks but one of the first, and of nothing else', async () => {
    const path = await convert(diffusers, 'int8');
    const tensors = await tensorsIn(path);
    const bytes = [...tensors].flatMap(([name, { dtype }]) => (dtype === 'I8' ? [name] : []));
    const inBlock = ['attn.proj', 'attn.qkv', 'cross_attn.kv_linear', 'cross_attn.proj', 'cross_attn.q_linear'];
    inBlock.push('mlp.fc1', 'mlp.fc2');
    const linears = [0, 1, 2, 3].flatMap((block) => inBlock.map((linear) => `blocks.${block}.${linear}.weight`));
    expect(bytes.sort()).toEqual(linears.filter((name) => name !== 'blocks.0.mlp.fc1.weight'));
    expect(tensors.get('blocks.1.scale_shift_table')?.dtype).toBe('F16');
    // Both halves of the captions' keys and values, made into bytes by rows of their own.
    const kv = 'blocks.1.cross_attn.kv_linear.weight';
    const [made, exact] = [await load(path), await load(diffusers)];
    const scales = tensorToFloat32(tensors.get(`${kv}_scale`)!);
    expect(scales).toHaveLength(144);
    const far = exact.floats(kv).map((value, i) => Math.abs(made.floats(kv)[i]! - value) / scales[Math.floor(i / 72)]!);
    expect(Math.max(...far) * 127).toBeLessThan(0.5001);
    const again = await convert(path, 'int8');
    expect(sameBytes(await readFile(join(again, weights)), await readFile(join(path, weights)))).toBe(true);
  });
});
