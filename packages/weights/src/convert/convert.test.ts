import { copyFile, mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openModelFolder } from '../model-folder.ts';
import { parseSafetensors, tensorToFloat32 } from '../safetensors/whole-file.ts';
import type { ModelSource, SourceFile } from '../source.ts';
import { pathSource } from '../sources/path.ts';
import {
  copyOf,
  editJson,
  editTensors,
  emojiDiT,
  errorOf,
  golden,
  load,
  sameBytes,
  scratchFolder,
} from '../testing/fixtures.ts';
import type { RecordedTensor, RecordingSink } from '../testing/recording-sink.ts';
import { convertModel } from './convert.ts';

const weights = 'transformer/diffusion_pytorch_model.safetensors';
const original = golden('dit-original-tiny');

/** Converts into a folder that lives as long as the test. */
async function convert(input: string, dtype: 'f32' | 'f16' | 'int8', numHeads?: number) {
  const path = join(await scratchFolder(), 'out');
  return { path, ...(await convertModel(input, path, { dtype, numHeads })) };
}

/** Names of tensors that two sinks hold with different shapes or bytes. */
function differing(a: RecordingSink['tensors'], b: RecordingSink['tensors']): string[] {
  const same = ([name, { shape, bytes }]: [string, RecordedTensor]) =>
    `${a.get(name)?.shape}` === `${shape}` && sameBytes(a.get(name)?.bytes, bytes);
  return [...b].filter((entry) => !same(entry)).map(([name]) => name);
}

const tensorsIn = async (folder: string) => parseSafetensors(await readFile(join(folder, weights)));

describe('convert', () => {
  test('makes of a pickle what the safetensors file of the same weights is', async () => {
    const { path, notes } = await convert(join(original, 'model.pt'), 'f32');
    const [made, reference] = [await load(path), await load(original)];
    expect(made.tensors.size).toBe(reference.tensors.size);
    expect(differing(made.tensors, reference.tensors)).toEqual([]);
    const [{ config, layout, scheduler }, expected] = [
      await openModelFolder(pathSource(path)),
      await openModelFolder(pathSource(original)),
    ];
    expect(layout).toBe('native');
    expect([config, scheduler]).toEqual([expected.config, expected.scheduler]);
    expect(notes).toEqual([]);
  });

  test('needs the number of heads where nothing says it', async () => {
    const alone = join(await scratchFolder(), 'mine.pt');
    await copyFile(join(original, 'model.pt'), alone);
    expect(await errorOf(convert(alone, 'f32'))).toMatchObject({ code: 'unsupported-config' });
    const { path } = await convert(alone, 'f32', 2);
    expect((await openModelFolder(pathSource(path))).config.numHeads).toBe(2);
  });

  test('makes of a diffusers folder one that says what is its own', async () => {
    const diffusers = golden('dit-diffusers-tiny');
    const { path, folder } = await convert(diffusers, 'f32');
    const [made, reference] = [await load(path), await load(diffusers)];
    expect(differing(made.tensors, reference.tensors)).toEqual([]);
    const opened = await openModelFolder(pathSource(path));
    expect(opened).toMatchObject({ layout: 'native', config: folder.config, scheduler: folder.scheduler });
  });

  test('carries over what a folder has beside its weights', async () => {
    const { path } = await convert(emojiDiT, 'f16');
    const [made, source] = [await openModelFolder(pathSource(path)), await openModelFolder(pathSource(emojiDiT))];
    for (const key of ['config', 'scheduler', 'defaults', 'classes', 'vae', 'schedules', 'calibrations'] as const) {
      expect(made[key]).toEqual(source[key]);
    }
    const file = 'schedules/procache-50-b17.json';
    expect(await readFile(join(path, file))).toEqual(await readFile(join(emojiDiT, file)));
    expect((await stat(join(path, 'vae/encoder.onnx'))).size).toBe(3314948);
    const { files } = JSON.parse(await readFile(join(path, 'manifest.json'), 'utf8'));
    expect(files.find((entry: { path: string }) => entry.path === weights).bytes).toBe(made.weightsSize);
    const [tensors, expected] = [await tensorsIn(path), await tensorsIn(emojiDiT)];
    expect(new Set(tensors.keys())).toEqual(new Set(expected.keys()));
    const wrong = [...expected].filter(([name, { data }]) => !sameBytes(tensors.get(name)?.data, data));
    expect(wrong.map(([name]) => name)).toEqual([]);
  });

  test('makes bytes of what int8 is for, and halves of the rest', async () => {
    const { path } = await convert(original, 'int8');
    const tensors = await tensorsIn(path);
    const exact = parseSafetensors(await readFile(join(original, 'model.safetensors')));
    const dtypes = (dtype: string) => [...tensors].flatMap(([name, it]) => (it.dtype === dtype ? [name] : []));
    // Five linears of six blocks but two of the first, two of the time's, the final modulation, the table of labels.
    expect(dtypes('I8')).toHaveLength(6 * 5 - 2 + 2 + 1 + 1);
    const coarse = ['blocks.0.adaLN_modulation.1.weight', 'blocks.0.mlp.fc1.weight', 'final_layer.linear.weight'];
    expect(dtypes('F16')).toEqual(expect.arrayContaining(coarse));
    expect(dtypes('F32')).toEqual(dtypes('I8').map((name) => `${name}_scale`));
    expect(dtypes('F16')).toEqual(expect.arrayContaining(['blocks.0.attn.qkv.bias', 'final_layer.linear.weight']));
    for (const name of dtypes('I8')) {
      const original = tensorToFloat32(exact.get(name)!);
      const scales = tensorToFloat32(tensors.get(`${name}_scale`)!);
      const width = original.length / scales.length;
      const found = tensorToFloat32(tensors.get(name)!);
      scales.forEach((scale, row) => {
        const values = original.subarray(row * width, (row + 1) * width);
        expect(values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)).toBe(scale);
      });
      const off = found.map((byte, i) => {
        const scale = scales[Math.floor(i / width)]!;
        return scale === 0 ? Math.abs(byte) : Math.abs(byte - (127 * original[i]!) / scale);
      });
      expect(off.reduce((most, value) => Math.max(most, value))).toBeLessThan(0.5001);
    }
  });

  test('int8 files take little more than half of the f16 ones, load as floats, and convert to themselves', async () => {
    const { path, bytes: size } = await convert(emojiDiT, 'int8');
    expect(size / 20_037_192).toBeLessThan(0.55);
    const tensors = await tensorsIn(path);
    const name = 'blocks.3.mlp.fc2.weight';
    const [bytes, scales] = [tensorToFloat32(tensors.get(name)!), tensorToFloat32(tensors.get(`${name}_scale`)!)];
    const expected = bytes.map((byte, i) => byte * (scales[Math.floor(i / 1024)]! / 127));
    const loaded = await load(path);
    expect(sameBytes(loaded.tensors.get(name)?.bytes, new Uint8Array(expected.buffer))).toBe(true);
    const halves = new Uint16Array((await load(path, 'F16')).tensors.get(name)!.bytes.buffer);
    expect(halves).toHaveLength(expected.length);
    const again = await convert(path, 'int8');
    expect(sameBytes(await readFile(join(again.path, weights)), await readFile(join(path, weights)))).toBe(true);
  });

  test('leaves nothing behind when it fails, and writes over nothing', async () => {
    const broken = await copyOf(original);
    await editTensors(join(broken, 'model.safetensors'), (tensors) => {
      const tensor = tensors.get('blocks.5.mlp.fc2.bias')!;
      new Float32Array(tensor.data.buffer)[7] = Number.NaN;
    });
    const parent = await scratchFolder();
    const error = await errorOf(convertModel(broken, join(parent, 'out'), { dtype: 'f32' }));
    expect([error.code, error.message]).toEqual([
      'numeric',
      'Tensor blocks.5.mlp.fc2.bias of model.safetensors holds NaN or infinity.',
    ]);
    expect(await readdir(parent)).toEqual([]);
    expect(await errorOf(convertModel(original, broken, { dtype: 'f32' }))).toMatchObject({ code: 'bad-argument' });
  });

  test('refuses a value that f16 cannot hold', async () => {
    const large = await copyOf(original);
    await editTensors(join(large, 'model.safetensors'), (tensors) => {
      new Float32Array(tensors.get('blocks.0.attn.qkv.bias')!.data.buffer)[3] = -70_000;
    });
    const error = await errorOf(convert(large, 'f16'));
    expect([error.code, error.message]).toEqual([
      'numeric',
      'Tensor blocks.0.attn.qkv.bias of model.safetensors holds a value beyond 65504, the largest of f16.',
    ]);
    await expect(convert(large, 'f32')).resolves.toMatchObject({ bytes: expect.any(Number) });
  });
});

describe('a file beside the weights that cannot be copied', () => {
  const systemError = (code: string) => Object.assign(new Error(code), { code, syscall: 'read' });
  /** Converts emoji-dit, with something happening when its class table is opened to be copied. */
  async function failure(happens: (output: string) => Promise<Partial<SourceFile>>): Promise<[string, string, string]> {
    const parent = await scratchFolder();
    const source = pathSource(emojiDiT);
    const open: ModelSource['open'] = async (path, options) => {
      const file = await source.open(path, options);
      const [output] = await readdir(parent);
      return file && { ...file, ...(path === 'classes.json' && output ? await happens(join(parent, output)) : {}) };
    };
    const output = join(parent, 'out');
    const error = await errorOf(convertModel({ ...source, open }, output, { dtype: 'f16' }));
    expect(await readdir(parent)).toEqual([]);
    return [error.code, error.message, output];
  }

  test('because it cannot be read is named', async () => {
    const broken = () => new ReadableStream({ pull: (controller) => controller.error(systemError('EIO')) });
    const [code, message] = await failure(async () => ({ stream: broken }));
    expect([code, message]).toEqual(['not-found', `${join(emojiDiT, 'classes.json')} could not be read (EIO).`]);
  });

  test('because it cannot be written is told from that', async () => {
    const [code, message, output] = await failure(async (folder) => {
      await mkdir(join(folder, 'classes.json'));
      return {};
    });
    expect([code, message]).toEqual(['not-found', `${output} could not be written (EISDIR).`]);
  });
});

describe('an int8 file is refused', () => {
  const refusal = async (change: Parameters<typeof editTensors>[1]) => {
    const { path } = await convert(original, 'int8');
    await editTensors(join(path, weights), change);
    return errorOf(load(path));
  };
  const scale = 'blocks.1.attn.proj.weight_scale';

  test('without its scales', async () => {
    expect(await refusal((tensors) => tensors.delete(scale))).toMatchObject({
      code: 'format',
      message: `Tensor blocks.1.attn.proj.weight of ${weights} is I8, but there is no ${scale} with its scales.`,
    });
  });

  test('with scales of another shape or type', async () => {
    const set = (dtype: 'F32' | 'F16', length: number) =>
      refusal((tensors) =>
        tensors.set(scale, { dtype, shape: [length], data: new Uint8Array(length * (dtype === 'F32' ? 4 : 2)) }),
      );
    expect(await set('F32', 12)).toMatchObject({ code: 'shape-mismatch', message: expect.stringContaining('[48]') });
    expect(await set('F16', 48)).toMatchObject({ code: 'format', message: expect.stringContaining('scales are F32') });
  });

  test('with a scale that is none', async () => {
    const error = await refusal((tensors) => {
      new Float32Array(tensors.get(scale)!.data.buffer)[2] = Number.NaN;
    });
    expect(error.message).toBe(`Tensor ${scale} of ${weights} holds a scale that is negative or not finite.`);
  });

  test('with bytes where there is no linear', async () => {
    const error = await refusal((tensors) => {
      const bias = tensors.get('blocks.0.attn.proj.bias')!;
      tensors.set('blocks.0.attn.proj.bias', { ...bias, dtype: 'I8', data: new Uint8Array(48) });
    });
    expect(error.code).toBe('format');
  });
});

test('an index that asks for more is kept only as far as it is known', async () => {
  const copy = await copyOf(emojiDiT);
  await editJson(join(copy, 'model_index.json'), (index) => Object.assign(index, { safety_checker: [null, null] }));
  const { path } = await convert(copy, 'f16');
  expect(JSON.parse(await readFile(join(path, 'model_index.json'), 'utf8'))).not.toHaveProperty('safety_checker');
});
