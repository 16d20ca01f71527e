import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type DiTConfig, ditS2, ditTensorShapes, ditXl2, parameterCount, torchRandn } from '@webdit/core';
import { describe, expect, test } from 'vitest';
import { openModelFolder } from '../model-folder.ts';
import { converter } from '../safetensors/convert.ts';
import { elementCount } from '../safetensors/dtypes.ts';
import { parseSafetensors, tensorToFloat32 } from '../safetensors/whole-file.ts';
import { pathSource } from '../sources/path.ts';
import { scratchFolder } from '../testing/fixtures.ts';
import { synthStd } from './random-weights.ts';
import { writeSynthModel } from './synth.ts';

const config: DiTConfig = {
  ...ditS2,
  hiddenSize: 24,
  mlpHiddenSize: 100,
  numHeads: 2,
  depth: 2,
  numClasses: 11,
  inputSize: 8,
};

async function synth(dtype: 'F32' | 'F16', seed: number) {
  const path = join(await scratchFolder(), 'model');
  const bytes = await writeSynthModel(path, { config, dtype, seed });
  const file = await readFile(join(path, 'transformer/diffusion_pytorch_model.safetensors'));
  expect(file.length).toBe(bytes);
  return { path, file, tensors: parseSafetensors(file) };
}

describe('a synthetic model', () => {
  test('opens, and is a model of its config', async () => {
    const { path } = await synth('F16', 0);
    const model = await openModelFolder(pathSource(path));
    expect(model).toMatchObject({ layout: 'native', config, weightsDType: 'F16', vae: null, classes: null });
    expect(model.scheduler).toMatchObject({ kind: 'ddim', spacing: 'respaced' });
    expect(model.tensors.some(({ name }) => name === 'pos_embed')).toBe(false);
    expect(await readdir(dirname(path))).toEqual(['model']);
  });

  test('has the tensors that its metadata say, as torch would draw them', async () => {
    const { file, tensors } = await synth('F32', 3);
    const header = JSON.parse(file.toString('utf8', 8, 8 + file.readUInt32LE()));
    const recipes: Record<string, { seed: number; std: number }> = JSON.parse(header.__metadata__.synth);
    expect(Object.keys(recipes)).toEqual([...tensors.keys()]);
    expect(Object.values(recipes).map(({ seed }) => seed)).toEqual(Array.from(tensors.keys(), (_, n) => 3000 + n));
    let wrong = 0;
    for (const [name, tensor] of tensors) {
      const { seed, std } = recipes[name] as { seed: number; std: number };
      const expected = torchRandn(seed, elementCount(tensor.shape)).map((value) => value * std);
      if (Buffer.compare(new Uint8Array(expected.buffer), tensor.data) !== 0) wrong++;
    }
    expect(wrong).toBe(0);
  });

  test('has the same values as halves, rounded', async () => {
    const [full, half] = [await synth('F32', 1), await synth('F16', 1)];
    for (const [name, tensor] of full.tensors) {
      const values = tensorToFloat32(tensor);
      const halves = new Uint16Array(values.length);
      converter('F32', 'F16')?.(values.buffer, halves.buffer, values.length);
      expect(half.tensors.get(name)?.data).toEqual(new Uint8Array(halves.buffer));
    }
  });

  test('scales what a linear adds up by its number of inputs', () => {
    const std = (name: string) => synthStd(ditTensorShapes(ditXl2).find((tensor) => tensor.name === name) as never);
    expect(std('x_embedder.proj.weight')).toBe(1 / 4);
    expect(std('blocks.3.mlp.fc2.weight')).toBe(1 / Math.sqrt(4608));
    expect(std('blocks.3.adaLN_modulation.1.weight')).toBe(0.5 / Math.sqrt(1152));
    expect(std('blocks.3.mlp.fc2.bias')).toBe(0.02);
  });

  test('is of the published size', () => {
    expect(parameterCount(ditXl2) / 1e6).toBeCloseTo(674.83, 2);
    expect(parameterCount(ditS2) / 1e6).toBeCloseTo(32.87, 2);
  });
});
