import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DiTConfig, ditXl2, requireDiT } from '@webdit/core';
import { describe, expect, test } from 'vitest';
import { openModelFolder } from '../model-folder.ts';
import { parseSafetensors } from '../safetensors/whole-file.ts';
import { filesSource } from '../sources/files.ts';
import { pathSource } from '../sources/path.ts';
import { copyOf, errorOf, golden, load, sha256 } from '../testing/fixtures.ts';
import { inferOriginalConfig, nativeConfig, parseOriginalConfig } from './original.ts';

describe('the original layout', () => {
  const folder = golden('dit-original-tiny');

  test('opens a folder, and the file in it, with the config beside it', async () => {
    const model = await openModelFolder(pathSource(folder));
    expect(model.layout).toBe('original');
    expect(model.config).toMatchObject({ hiddenSize: 48, depth: 6, numHeads: 2, numClasses: 10, outChannels: 8 });
    expect(model.config).toMatchObject({ timestepDivisor: 128, normEps: 1e-6, mlpNormEps: 1e-6, guidanceChannels: 3 });
    expect(model.scheduler).toMatchObject({ kind: 'ddim', spacing: 'respaced' });
    expect(model.classes).toBeNull();
    const single = await openModelFolder(pathSource(join(folder, 'model.safetensors')));
    expect(single.config).toEqual(model.config);
  });

  test('infers everything but the heads from a file alone', async () => {
    const file = new File([await readFile(join(folder, 'model.safetensors'))], 'mine.safetensors');
    const error = await errorOf(openModelFolder(filesSource([file])));
    expect(error.code).toBe('unsupported-config');
    expect(error.message).toBe(
      'mine.safetensors has width 48, which is not a published DiT: put a config.json beside it or pass the number of heads.',
    );
    const alone = await openModelFolder(filesSource([file]), { numHeads: 2 });
    const withConfig = await openModelFolder(pathSource(folder));
    expect(alone.config).toEqual(withConfig.config);
    expect(alone.weightFiles).toEqual([{ path: 'mine.safetensors', bytes: alone.weightsSize }]);
  });

  test('knows the heads of the published widths', () => {
    const headsOf = (width: number) => {
      const shapes: Record<string, number[]> = {
        pos_embed: [1, 256, width],
        'x_embedder.proj.weight': [width, 4, 2, 2],
        't_embedder.mlp.0.weight': [width, 256],
        'y_embedder.embedding_table.weight': [1001, width],
        'blocks.0.mlp.fc1.weight': [4 * width, width],
        'blocks.27.mlp.fc1.weight': [4 * width, width],
        'final_layer.linear.weight': [32, width],
      };
      const tensors = Object.entries(shapes).map(([name, shape]) => ({
        name,
        shape,
        dtype: 'F32' as const,
        begin: 0,
        end: 0,
      }));
      return inferOriginalConfig({ tensors, path: 'x.safetensors' }, null);
    };
    expect([384, 768, 1024, 1152].map((width) => headsOf(width).numHeads)).toEqual([6, 12, 16, 16]);
    expect(headsOf(1152)).toMatchObject({ inputSize: 32, numClasses: 1000, learnSigma: true, mlpHiddenSize: 4608 });
  });

  test('reads every tensor of the file', async () => {
    const sink = await load(folder);
    const file = parseSafetensors(await readFile(join(folder, 'model.safetensors')));
    expect([...sink.tensors.keys()].sort()).toEqual([...file.keys()].sort());
    expect(sha256(sink.tensors.get('final_layer.linear.weight')!.bytes)).toBe(
      sha256(file.get('final_layer.linear.weight')!.data),
    );
  });

  test('opens the 28-block golden', async () => {
    const model = await openModelFolder(pathSource(golden('procache-28-tiny')));
    expect(model.config).toMatchObject({ depth: 28, hiddenSize: 32, numHeads: 2, numClasses: 1008 });
  });

  test('truncated weights are found before a sink is touched', async () => {
    const copy = await copyOf(folder);
    const path = join(copy, 'model.safetensors');
    await writeFile(path, (await readFile(path)).subarray(0, -100));
    const error = await errorOf(openModelFolder(pathSource(copy)));
    expect(error.code).toBe('format');
    expect(error.message).toBe(
      'model.safetensors is truncated: it ends before the end of tensor y_embedder.embedding_table.weight.',
    );
  });
});

describe('the config of a native folder', () => {
  const roundTrip = (config: DiTConfig) => parseOriginalConfig(JSON.parse(JSON.stringify(nativeConfig(config))), 'c');

  test('says no more of an original model than its constructor takes', () => {
    expect(roundTrip(ditXl2)).toEqual(ditXl2);
    expect(JSON.parse(JSON.stringify(nativeConfig(ditXl2)))).toEqual({
      _class_name: 'DiT',
      input_size: 32,
      patch_size: 2,
      in_channels: 4,
      hidden_size: 1152,
      depth: 28,
      num_heads: 16,
      mlp_ratio: 4,
      num_classes: 1000,
      learn_sigma: true,
      frequency_embedding_size: 256,
      norm_eps: 1e-6,
    });
  });

  test("keeps what is diffusers' own", async () => {
    const { config } = requireDiT(await openModelFolder(pathSource(golden('dit-diffusers-tiny'))), 'The test');
    expect(config.embeddersPerBlock).toBe(true);
    expect(roundTrip(config)).toEqual(config);
  });

  test('keeps every width of the MLP', () => {
    for (let mlpHiddenSize = 1; mlpHiddenSize < 500; mlpHiddenSize++) {
      expect(roundTrip({ ...ditXl2, hiddenSize: 48, numHeads: 2, mlpHiddenSize }).mlpHiddenSize).toBe(mlpHiddenSize);
    }
  });
});
