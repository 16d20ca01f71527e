import { WebDiTError } from '@webdit/core';
import { describe, expect, test } from 'vitest';
import { sourceFile } from '../source.ts';
import { errorOf } from '../testing/fixtures.ts';
import { openSafetensors } from './stream.ts';
import { parseSafetensors } from './whole-file.ts';

const f32 = (begin: number, end: number, shape = [(end - begin) / 4]) => ({
  dtype: 'F32',
  shape,
  data_offsets: [begin, end],
});

/** A file with this header, `dataBytes` zeros behind it, and perhaps a lie about the header's length. */
function craft(header: unknown, dataBytes: number, declared?: number): Uint8Array<ArrayBuffer> {
  const json =
    header instanceof Uint8Array
      ? header
      : new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(declared ?? json.length), true);
  bytes.set(json, 8);
  return bytes;
}

const cases: [string, Uint8Array<ArrayBuffer>, string][] = [
  ['an empty file', new Uint8Array(0), 'x.safetensors ends before its 8-byte header length.'],
  ['seven bytes', new Uint8Array(7), 'x.safetensors ends before its 8-byte header length.'],
  [
    'a header longer than the file',
    craft({}, 0, 999),
    'x.safetensors declares a header of 999 bytes, longer than the file.',
  ],
  [
    'a header beyond the cap',
    craft({}, 0, 100_000_001),
    'x.safetensors declares a header of 100000001 bytes; the limit is 100000000.',
  ],
  ['no JSON', craft('{"a":', 0), 'The header of x.safetensors is not valid JSON.'],
  [
    'bytes that are no UTF-8',
    craft(Uint8Array.of(0x7b, 0xff, 0x7d), 0),
    'The header of x.safetensors is not valid JSON.',
  ],
  ['an array', craft([], 0), 'The header of x.safetensors is not a JSON object.'],
  [
    'metadata of numbers',
    craft({ __metadata__: { a: 1 } }, 0),
    'The __metadata__ of x.safetensors is not an object of strings.',
  ],
  ['a tensor that is a number', craft({ a: 1 }, 0), 'Tensor a of x.safetensors is not described by an object.'],
  [
    'an unknown dtype',
    craft({ a: { dtype: 'F8_E4M3', shape: [4], data_offsets: [0, 4] } }, 4),
    'Tensor a of x.safetensors has the unknown dtype "F8_E4M3"; known are F32, F16, BF16, I8, U8, I32, I64.',
  ],
  [
    'a dtype that every object has',
    craft({ a: { dtype: 'constructor', shape: [4], data_offsets: [0, 4] } }, 4),
    'Tensor a of x.safetensors has the unknown dtype "constructor"; known are F32, F16, BF16, I8, U8, I32, I64.',
  ],
  ['a negative size', craft({ a: f32(0, 4, [-1]) }, 4), 'Tensor a of x.safetensors has no valid shape.'],
  ['a broken size', craft({ a: f32(0, 4, [0.5]) }, 4), 'Tensor a of x.safetensors has no valid shape.'],
  [
    'one offset',
    craft({ a: { dtype: 'F32', shape: [1], data_offsets: [0] } }, 4),
    'Tensor a of x.safetensors has no valid data_offsets.',
  ],
  [
    'a negative offset',
    craft({ a: { dtype: 'F32', shape: [1], data_offsets: [-4, 0] } }, 4),
    'Tensor a of x.safetensors has no valid data_offsets.',
  ],
  [
    'offsets in the wrong order',
    craft({ a: f32(8, 4, [1]) }, 8),
    'Tensor a of x.safetensors ends at 4, before it begins at 8.',
  ],
  [
    'a size that is not shape x dtype',
    craft({ a: f32(0, 8, [3]) }, 8),
    'Tensor a of x.safetensors holds 8 bytes, but shape [3] of F32 needs 12.',
  ],
  [
    'a shape beyond all numbers',
    craft({ a: f32(0, 4, [2 ** 52, 2 ** 52]) }, 4),
    'Tensor a of x.safetensors holds 4 bytes, but shape [4503599627370496, 4503599627370496] of F32 needs 8.112963841460668e+31.',
  ],
  ['overlapping tensors', craft({ a: f32(0, 8), b: f32(4, 12) }, 12), 'Tensor b of x.safetensors overlaps a.'],
  ['two tensors in one place', craft({ a: f32(0, 8), b: f32(0, 8) }, 8), 'Tensor b of x.safetensors overlaps a.'],
  ['a gap', craft({ a: f32(0, 4), b: f32(8, 12) }, 12), 'x.safetensors has a gap of 4 bytes before tensor b.'],
  ['a gap at the start', craft({ a: f32(4, 8) }, 8), 'x.safetensors has a gap of 4 bytes before tensor a.'],
  [
    'a name twice',
    craft(`{"a":${JSON.stringify(f32(0, 4))},"\\u0061" :${JSON.stringify(f32(0, 4))}}`, 4),
    'The header of x.safetensors describes tensor a twice.',
  ],
  [
    'data cut short',
    craft({ a: f32(0, 4), b: f32(4, 12) }, 11),
    'x.safetensors is truncated: it ends before the end of tensor b.',
  ],
  ['data left over', craft({ a: f32(0, 4) }, 7), 'x.safetensors has 3 bytes after its last tensor.'],
];

const open = (bytes: Uint8Array<ArrayBuffer>, size: number | undefined) =>
  openSafetensors(
    sourceFile(
      {
        path: 'x.safetensors',
        ...(size === undefined ? {} : { size }),
        stream: () => new Blob([bytes]).stream(),
        failure: (cause) => new WebDiTError('network', String(cause), ''),
      },
      undefined,
    ),
  );

describe('a bad header', () => {
  test.each(cases)('%s', async (_, bytes, message) => {
    const error = await errorOf(open(bytes, bytes.length));
    expect([error.code, error.message]).toEqual(['format', message]);
    expect(() => parseSafetensors(bytes, 'x.safetensors')).toThrow(message);
  });

  test('longer than a file of unknown size', async () => {
    const error = await errorOf(open(craft({}, 0, 999), undefined));
    expect(error.message).toBe('x.safetensors declares a header of 999 bytes, longer than the file.');
  });
});

describe('a good header', () => {
  test('is sorted by offset, and may hold empty tensors, metadata and padding', async () => {
    const json = JSON.stringify({
      b: f32(8, 16, [1, 2]),
      __metadata__: { format: 'pt' },
      empty: f32(8, 8, [0, 5]),
      scalar: { dtype: 'I64', shape: [], data_offsets: [0, 8] },
      '__proto__x"{': f32(16, 16, [0]),
    });
    const bytes = craft(`${json}     `, 16);
    const header = await open(bytes, bytes.length);
    expect(header.tensors.map(({ name }) => name)).toEqual(['scalar', 'empty', 'b', '__proto__x"{']);
    expect(header).toMatchObject({ metadata: { format: 'pt' }, dataStart: json.length + 13, dataBytes: 16 });
    expect(header.tensors[2]).toEqual({ name: 'b', dtype: 'F32', shape: [1, 2], begin: 8, end: 16 });
  });
});
