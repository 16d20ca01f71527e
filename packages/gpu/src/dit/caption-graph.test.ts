import { pixArtXl2 } from '@webdit/core';
import { expect, test } from 'vitest';
import { Allocator, BufferScope } from '../allocator.ts';
import { countingDevice } from '../memory/counting-device.ts';
import { PipelineCache } from '../pipelines.ts';
import { staticChoice } from '../tiling.ts';
import { packCaptions } from './caption.ts';
import { DiTGraph } from './graph.ts';
import { DiTWeights } from './weights.ts';

const config = { ...pixArtXl2, depth: 2, captionChannels: 8 };
const shape = {
  batch: 1,
  samples: 1,
  timesteps: 1,
  conditions: 1,
  modulationRows: 1,
  steps: 1,
  noiseRows: 0,
  features: 0,
};

test('a prompt is projected once, however many pictures are made of it in a row', () => {
  const limits = { maxBufferSize: 2 ** 28, maxStorageBufferBindingSize: 2 ** 27 };
  const holder = countingDevice({ ...limits, features: new Set(), isFallback: false });
  const scope = new BufferScope(new Allocator(holder));
  const pipelines = PipelineCache.of(holder);
  const weights = new DiTWeights(config, { dtype: 'f32', math: 'f32' }, scope, pipelines);
  const graph = new DiTGraph(config, { ...shape, captionTokens: 8 }, weights, pipelines, staticChoice(holder), scope);
  const prepare = (value: number) => {
    const captions = packCaptions([{ embeddings: new Float32Array(16).fill(value) }], 8);
    return graph.caption?.prepare(captions, holder.device.queue).length;
  };
  // Two linears, and the keys and values of two layers.
  expect(prepare(1)).toBe(4);
  // An aborted run may not have computed them.
  expect(prepare(1)).toBe(4);
  graph.caption?.finished();
  expect(prepare(1)).toBe(0);
  graph.caption?.finished();
  expect(prepare(2)).toBe(4);
  expect(prepare(1)).toBe(4);
});
