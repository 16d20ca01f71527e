import { ditTensorShapes } from '@webdit/core';
import { describe, expect, it } from 'vitest';
import { tinyDiT } from '../testing/tiny-dit.ts';
import { CpuWeights } from './cpu-weights.ts';

const tensor = { name: 'final_layer.linear.bias', shape: [16], elementOffset: 4, elementCount: 8, sourceDType: 'F16' };

describe('CpuWeights', () => {
  it('keeps the parts of a tensor where they belong', () => {
    const weights = new CpuWeights(tinyDiT);
    const writer = weights.begin({ ...tensor, sourceDType: 'F16' });
    writer.write(new Uint8Array(Float32Array.of(1, 2).buffer), 0);
    writer.write(new Uint8Array(Float32Array.of(3).buffer), 8);
    writer.end();
    const values = weights.tensors.get(tensor.name) as Float32Array;
    expect([...values.subarray(0, 8)]).toEqual([0, 0, 0, 0, 1, 2, 3, 0]);
  });

  it.each([{ name: 'blocks.9.attn.qkv.bias' }, { elementOffset: 12 }])(
    'refuses a tensor that has no place: %j',
    (change) => {
      expect(() => new CpuWeights(tinyDiT).begin({ ...tensor, sourceDType: 'F16', ...change })).toThrow(
        expect.objectContaining({
          code: 'shape-mismatch',
          message: expect.stringContaining('has no place for tensor'),
        }),
      );
    },
  );

  it('names the first tensor that is not whole', () => {
    const weights = new CpuWeights(tinyDiT);
    const shapes = ditTensorShapes(tinyDiT);
    for (const { name, shape } of shapes) {
      const elementCount = shape.reduce((a, b) => a * b, 1) - (name === tensor.name ? 1 : 0);
      weights.begin({ name, shape, elementOffset: 0, elementCount, sourceDType: 'F32' }).end();
    }
    expect(() => weights.finish()).toThrow(
      expect.objectContaining({ code: 'format', message: 'Tensor final_layer.linear.bias got 15 of 16 values.' }),
    );
  });
});
