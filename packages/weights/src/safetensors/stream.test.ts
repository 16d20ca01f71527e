import { type IncomingTensor, WebDiTError } from '@webdit/core';
import { describe, expect, test } from 'vitest';
import type { SourceFileParts } from '../source.ts';
import { errorOf, sameBytes } from '../testing/fixtures.ts';
import { RecordingSink } from '../testing/recording-sink.ts';
import { streamSafetensors, type TensorTarget } from './stream.ts';
import { encodeSafetensors, parseSafetensors, tensorToFloat32 } from './whole-file.ts';

const noise = (count: number) => Float32Array.from({ length: count }, (_, i) => Math.sin(i) * 2 ** ((i % 40) - 30));
const wide = noise(400_000);
// Of all kinds but infinity and NaN.
const halves = Uint16Array.from({ length: 300_001 }, (_, i) => (i * 7919) & 0xbfff);
const brain = Uint16Array.from({ length: 33 }, (_, i) => (i * 7919) & 0xbfff);
const file = encodeSafetensors({
  wide: { dtype: 'F32', shape: [400, 1000], data: wide },
  skipped: { dtype: 'I64', shape: [3], data: new BigInt64Array(3) },
  halves: { dtype: 'F16', shape: [300_001], data: halves },
  brain: { dtype: 'BF16', shape: [33], data: brain },
  empty: { dtype: 'F32', shape: [0], data: new Float32Array(0) },
});

const targets = new Map<string, TensorTarget>(
  [...parseSafetensors(file)]
    .filter(([name]) => name !== 'skipped')
    .map(([name, { shape }]) => {
      const count = shape.reduce((a, b) => a * b, 1);
      return [name, { name: `to.${name}`, shape, elementOffset: 0, elementCount: count }];
    }),
);

/** A file whose stream yields chunks of these sizes, in turn; a byte stream or a plain one. */
function chunked(bytes: Uint8Array, sizes: readonly number[], kind: 'bytes' | 'plain'): SourceFileParts {
  let offset = 0;
  let turn = 0;
  const pull = (controller: ReadableStreamDefaultController<Uint8Array> | ReadableByteStreamController) => {
    if (offset >= bytes.length) {
      controller.close();
      if ('byobRequest' in controller) controller.byobRequest?.respond(0);
      return;
    }
    const size = sizes[turn++ % sizes.length]!;
    controller.enqueue(bytes.slice(offset, offset + size));
    offset += size;
  };
  return {
    path: 'chunked.safetensors',
    stream: () => (kind === 'bytes' ? new ReadableStream({ type: 'bytes', pull }) : new ReadableStream({ pull })),
    failure: (cause) => new WebDiTError('network', `broke: ${cause}`, 'Try again.'),
  };
}

describe('streaming', () => {
  test.each(['bytes', 'plain'] as const)('gives the same tensors for any chunks of a %s stream', async (kind) => {
    for (const sizes of [[3, 65_533], [1, 7, 65536], [1 << 20], [999_983], [file.length]]) {
      for (const dtype of ['F32', 'F16'] as const) {
        const sink = new RecordingSink(dtype);
        await streamSafetensors(chunked(file, sizes, kind), () => targets, sink);
        expect([...sink.tensors.keys()].sort()).toEqual(['to.brain', 'to.empty', 'to.halves', 'to.wide']);
        expect(sink.ended).toBe(4);
        expect(sink.largestWrite).toBeLessThanOrEqual(2 ** 20);
        if (dtype === 'F16') {
          expect(sameBytes(sink.tensors.get('to.halves')?.bytes, new Uint8Array(halves.buffer))).toBe(true);
          continue;
        }
        expect(sameBytes(sink.tensors.get('to.wide')?.bytes, new Uint8Array(wide.buffer))).toBe(true);
        for (const name of ['halves', 'brain']) {
          const expected = tensorToFloat32(parseSafetensors(file).get(name)!);
          expect(sameBytes(sink.tensors.get(`to.${name}`)?.bytes, new Uint8Array(expected.buffer))).toBe(true);
        }
      }
    }
  });

  test('survives chunks of one and of three bytes', async () => {
    const small = encodeSafetensors({ wide: { dtype: 'F32', shape: [25], data: wide.subarray(0, 25) } });
    const target = { name: 'w', shape: [25], elementOffset: 0, elementCount: 25 };
    for (const kind of ['bytes', 'plain'] as const) {
      for (const size of [1, 3]) {
        const sink = new RecordingSink();
        await streamSafetensors(chunked(small, [size], kind), () => new Map([['wide', target]]), sink);
        expect(sink.floats('w')).toEqual(wide.slice(0, 25));
      }
    }
  });

  test('waits for the writer before it reads on', async () => {
    let pending = 0;
    let most = 0;
    const slow = {
      begin: (_: IncomingTensor) => ({
        dtype: 'F32' as const,
        write: async () => {
          most = Math.max(most, ++pending);
          await new Promise((resolve) => setTimeout(resolve, 1));
          pending--;
        },
        end: () => undefined,
      }),
    };
    await streamSafetensors(chunked(file, [1 << 20], 'plain'), () => targets, slow);
    expect(most).toBe(1);
  });

  test('places a part at its offset', async () => {
    const part = encodeSafetensors({ q: { dtype: 'F32', shape: [2], data: Float32Array.of(5, 6) } });
    const target = { name: 'qkv', shape: [6], elementOffset: 2, elementCount: 2 };
    const sink = new RecordingSink();
    await streamSafetensors(chunked(part, [9], 'plain'), () => new Map([['q', target]]), sink);
    expect([...sink.floats('qkv')]).toEqual([0, 0, 5, 6, 0, 0]);
    expect(sink.tensors.get('qkv')?.parts).toEqual([{ ...target, sourceDType: 'F32' }]);
  });

  test.each(['bytes', 'plain'] as const)('finds a truncated %s stream of unknown size', async (kind) => {
    const error = await errorOf(
      streamSafetensors(chunked(file.subarray(0, -1), [4096], kind), () => targets, new RecordingSink()),
    );
    expect(error.code).toBe('format');
    expect(error.message).toBe('chunked.safetensors is truncated: it ends before the end of tensor brain.');
  });

  test('finds bytes after the last tensor of a stream of unknown size', async () => {
    const longer = new Uint8Array(file.length + 1);
    longer.set(file);
    const error = await errorOf(
      streamSafetensors(chunked(longer, [65536], 'plain'), () => targets, new RecordingSink()),
    );
    expect(error.message).toBe('chunked.safetensors has some bytes after its last tensor.');
  });

  test("passes on a failing stream as its source's error, and a failing writer as it is", async () => {
    const broken: SourceFileParts = {
      ...chunked(file, [1], 'plain'),
      stream: () =>
        new ReadableStream({
          pull(controller) {
            controller.error(new Error('cable'));
          },
        }),
    };
    const error = await errorOf(streamSafetensors(broken, () => targets, new RecordingSink()));
    expect([error.code, error.message]).toEqual(['network', 'broke: Error: cable']);
    const failure = new Error('GPU memory');
    const failing = {
      begin: () => ({ dtype: 'F32' as const, write: () => Promise.reject(failure), end: () => undefined }),
    };
    await expect(streamSafetensors(chunked(file, [65536], 'bytes'), () => targets, failing)).rejects.toBe(failure);
  });

  test.each(['bytes', 'plain'] as const)('an abort ends a stalled %s stream at once and cancels it', async (kind) => {
    const reason = new Error('enough');
    const controller = new AbortController();
    let cancelled: unknown;
    const source = {
      // Sends the header and a little data, then nothing.
      start: (c: ReadableStreamDefaultController<Uint8Array> | ReadableByteStreamController) =>
        c.enqueue(file.slice(0, 5000)),
      pull: () => new Promise<void>(() => undefined),
      cancel: (why: unknown) => {
        cancelled = why;
      },
    };
    const stalled: SourceFileParts = {
      ...chunked(file, [1], kind),
      stream: () => (kind === 'bytes' ? new ReadableStream({ ...source, type: 'bytes' }) : new ReadableStream(source)),
    };
    const load = streamSafetensors(stalled, () => targets, new RecordingSink(), { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 10);
    await expect(load).rejects.toBe(reason);
    expect(cancelled).toBe(reason);
  });
});
