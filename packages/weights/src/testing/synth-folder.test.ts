import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ditTensorShapes } from '@webdit/core';
import { expect, test } from 'vitest';
import { parseOriginalConfig } from '../layouts/original.ts';
import { openModelFolder } from '../model-folder.ts';
import { elementCount } from '../safetensors/dtypes.ts';
import { pathSource } from '../sources/path.ts';
import { scratchFolder, sha256 } from './fixtures.ts';
import { RecordingSink } from './recording-sink.ts';
import { synth256MiB, writeSynthFolder } from './synth-folder.ts';

test('writes a folder that opens and loads, the same bytes every time', async () => {
  const spec = { hiddenSize: 64, numHeads: 4, depth: 2, inputSize: 8, numClasses: 5 };
  const folder = await scratchFolder();
  const { weightsBytes, largestTensorBytes } = await writeSynthFolder(folder, spec);
  const model = await openModelFolder(pathSource(folder));
  expect(model).toMatchObject({
    layout: 'native',
    weightsSize: weightsBytes,
    weightsDType: 'F32',
    vae: null,
    classes: null,
  });
  expect(model.config).toMatchObject({ ...spec, mlpHiddenSize: 256, outChannels: 4 });
  expect(largestTensorBytes).toBe(6 * 64 * 64 * 4);
  const sink = new RecordingSink();
  await model.loadWeights(sink);
  const values = sink.floats('blocks.1.mlp.fc1.weight');
  expect(values.reduce((sum, x) => sum + x * x, 0) / values.length).toBeCloseTo(0.02 ** 2 / 3, 5);

  const again = await scratchFolder();
  await writeSynthFolder(again, spec);
  const bytesOf = (at: string) => readFile(join(at, model.weightFiles[0]!.path));
  expect(sha256(await bytesOf(again))).toBe(sha256(await bytesOf(folder)));
});

test('the 256 MiB model has that size', () => {
  const { hiddenSize, numHeads, depth, inputSize, numClasses } = synth256MiB;
  const config = parseOriginalConfig(
    {
      input_size: inputSize,
      patch_size: 2,
      in_channels: 4,
      hidden_size: hiddenSize,
      depth,
      num_heads: numHeads,
      num_classes: numClasses,
      learn_sigma: false,
    },
    'config.json',
  );
  const bytes = ditTensorShapes(config).reduce((sum, { shape }) => sum + 4 * elementCount(shape), 0);
  expect(Math.abs(bytes / 2 ** 20 - 256)).toBeLessThan(0.01);
});
