import { WebDiTError } from '@webdit/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeSafetensors, parseSafetensors, type TensorData } from './whole-file.ts';

// A fixed seed: a failure here is a bug, not bad luck. 10,000 cases in all.
const settings = { seed: 20, numRuns: 3000 };

const tensor = fc
  .record({ dtype: fc.constantFrom('F32', 'F16', 'I64', 'U8' as const), shape: fc.array(fc.nat(4), { maxLength: 3 }) })
  .map(({ dtype, shape }): TensorData => {
    const size = { F32: 4, F16: 2, I64: 8, U8: 1 }[dtype];
    const data = Uint8Array.from({ length: shape.reduce((n, d) => n * d, size) }, (_, i) => i * 37);
    return { dtype, shape, data };
  });
const name = fc.string({ unit: 'binary', maxLength: 12 }).filter((text) => text !== '__metadata__');
const tensors = fc.dictionary(name, tensor, { maxKeys: 6, noNullPrototype: true });

/** What reading these bytes gives: tensors, or a `format` error. Anything else is a bug. */
function read(bytes: Uint8Array): ReturnType<typeof parseSafetensors> | null {
  try {
    return parseSafetensors(bytes);
  } catch (error) {
    if (error instanceof WebDiTError && error.code === 'format') return null;
    throw error;
  }
}

test('what is written is read back', () => {
  fc.assert(
    fc.property(tensors, (written) => {
      const parsed = read(encodeSafetensors(written));
      expect(new Set(parsed?.keys())).toEqual(new Set(Object.keys(written)));
      for (const [key, { dtype, shape, data }] of Object.entries(written)) {
        expect(parsed?.get(key)).toEqual({ dtype, shape, data });
      }
    }),
    { ...settings, numRuns: 1000 },
  );
});

test('a file with a changed byte or a cut end is refused by format, or its tensors still cover it', () => {
  fc.assert(
    fc.property(tensors, fc.nat(), fc.nat(255), fc.boolean(), (written, position, byte, cut) => {
      const file = encodeSafetensors(written);
      const at = position % file.length;
      const damaged = cut ? file.slice(0, at) : file.slice();
      if (!cut) damaged[at] = byte;
      const parsed = read(damaged);
      if (!parsed) return;
      const headerBytes = 8 + new DataView(damaged.buffer).getUint32(0, true);
      const dataBytes = [...parsed.values()].reduce((sum, { data }) => sum + data.length, 0);
      expect(headerBytes + dataBytes).toBe(damaged.length);
    }),
    settings,
  );
});

test('any JSON as a header is refused by format or read', () => {
  const value = fc.oneof(
    fc.jsonValue(),
    fc.record({
      dtype: fc.oneof(fc.constant('F32'), fc.jsonValue()),
      shape: fc.oneof(fc.array(fc.double()), fc.jsonValue()),
      data_offsets: fc.oneof(fc.tuple(fc.double(), fc.double()), fc.jsonValue()),
    }),
  );
  fc.assert(
    fc.property(fc.oneof(value, fc.dictionary(name, value)), (header) => {
      const json = new TextEncoder().encode(JSON.stringify(header));
      const file = new Uint8Array(8 + json.length + 8);
      new DataView(file.buffer).setUint32(0, json.length, true);
      file.set(json, 8);
      read(file);
    }),
    settings,
  );
});

test('any bytes are refused by format or read', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => void read(bytes)),
    settings,
  );
});
