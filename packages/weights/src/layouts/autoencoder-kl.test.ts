import { autoencoderDecoderShapes } from '@webdit/core';
import { describe, expect, it } from 'vitest';
import { encodeSafetensors } from '../safetensors/whole-file.ts';
import { type ModelSource, sourceFile } from '../source.ts';
import { openAutoencoderKL, parseAutoencoderKLConfig } from './autoencoder-kl.ts';

const json = {
  _class_name: 'AutoencoderKL',
  act_fn: 'silu',
  block_out_channels: [4, 8],
  down_block_types: ['DownEncoderBlock2D', 'DownEncoderBlock2D'],
  in_channels: 3,
  latent_channels: 4,
  layers_per_block: 1,
  norm_num_groups: 4,
  out_channels: 3,
  sample_size: 16,
  up_block_types: ['UpDecoderBlock2D', 'UpDecoderBlock2D'],
};
const unsupported = (change: object) => () => parseAutoencoderKLConfig({ ...json, ...change });

describe('parseAutoencoderKLConfig', () => {
  it('reads a published config, and fills in what older ones leave out', () => {
    expect(parseAutoencoderKLConfig(json)).toEqual({
      latentChannels: 4,
      outChannels: 3,
      blockOutChannels: [4, 8],
      layersPerBlock: 1,
      normNumGroups: 4,
      scalingFactor: 0.18215,
      shiftFactor: 0,
      usePostQuantConv: true,
      midBlockAddAttention: true,
    });
    const later = { scaling_factor: 1.5305, shift_factor: 0.0609, use_post_quant_conv: false, force_upcast: true };
    expect(parseAutoencoderKLConfig({ ...json, ...later })).toMatchObject({
      scalingFactor: 1.5305,
      shiftFactor: 0.0609,
      usePostQuantConv: false,
    });
  });

  it.each([
    [{ _class_name: 'AutoencoderTiny' }, '_class_name'],
    [{ act_fn: 'gelu' }, 'act_fn'],
    [{ up_block_types: ['AttnUpDecoderBlock2D', 'UpDecoderBlock2D'] }, 'up_block_types'],
    [{ latents_mean: [0, 0, 0, 0] }, 'latents_mean'],
    [{ block_out_channels: [] }, 'block_out_channels'],
    [{ shift_factor: 'x' }, 'shift_factor'],
    [{ double_z: false }, 'double_z'],
  ])('refuses %o by name', (change, key) => {
    expect(unsupported(change)).toThrow(
      expect.objectContaining({ code: 'unsupported-config', message: expect.stringContaining(key) }),
    );
  });
});

describe('openAutoencoderKL', () => {
  const shapes = autoencoderDecoderShapes(parseAutoencoderKLConfig(json));
  const older = (name: string) =>
    name
      .replace('.to_q.', '.query.')
      .replace('.to_k.', '.key.')
      .replace('.to_v.', '.value.')
      .replace('.to_out.0.', '.proj_attn.');
  const tensorsOf = (rename: (name: string) => string) =>
    Object.fromEntries(
      [...shapes, { name: 'encoder.conv_in.bias', shape: [2] }].map(({ name, shape }, i) => {
        const data = new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(i);
        return [rename(name), { dtype: 'F32' as const, shape, data: new Uint8Array(data.buffer) }];
      }),
    );
  const folder = (tensors: ReturnType<typeof tensorsOf>): ModelSource => ({
    name: 'folder',
    weightsFile: null,
    open: async (path, { signal } = {}) => {
      const bytes = path.endsWith('.json')
        ? new TextEncoder().encode(JSON.stringify(json))
        : encodeSafetensors(tensors);
      const stream = () => new Response(bytes as Uint8Array<ArrayBuffer>).body as ReadableStream<Uint8Array>;
      return sourceFile({ path, size: bytes.byteLength, stream, failure: (cause) => cause as never }, signal);
    },
  });

  it.each([
    ['today', (name: string) => name],
    ['of older files', older],
  ])('hands the decoder over, by names %s', async (_, rename) => {
    const vae = await openAutoencoderKL(folder(tensorsOf(rename)));
    const filled: Record<string, number> = {};
    await vae.loadWeights({
      begin: ({ name, elementCount }) => ({
        dtype: 'F32',
        write: (bytes) => {
          filled[name] = new Float32Array(bytes.slice().buffer)[0] as number;
        },
        end: () => {
          expect(elementCount).toBeGreaterThan(0);
        },
      }),
    });
    expect(filled).toEqual(Object.fromEntries(shapes.map(({ name }, i) => [name, i])));
  });

  it('names a tensor that is missing', async () => {
    const { 'decoder.conv_in.bias': _, ...rest } = tensorsOf((name) => name);
    await expect(openAutoencoderKL(folder(rest))).rejects.toMatchObject({
      code: 'format',
      message: expect.stringContaining('decoder.conv_in.bias'),
    });
  });
});
