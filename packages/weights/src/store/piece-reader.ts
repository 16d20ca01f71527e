import { WebDiTError } from '@webdit/core';
import { ByteReader } from '../byte-reader.ts';
import { sha256Hex } from '../sha256.ts';
import type { ModelStore } from './model-store.ts';
import { keys, type UnfinishedRecord } from './records.ts';

/** Reads pieces of one stored file, comparing each with its hash. All of them go through one buffer. */
export class PieceReader {
  /** Memory for a piece; a piece that was read lies in it, from its start. */
  buffer: ArrayBuffer;

  /** @param largest bytes of the largest piece. */
  constructor(
    private readonly store: ModelStore,
    private readonly record: UnfinishedRecord,
    largest: number,
  ) {
    this.buffer = new ArrayBuffer(largest);
  }

  /** The piece, valid until the next call; null when it is damaged or gone. */
  async read(index: number, size: number): Promise<Uint8Array<ArrayBuffer> | null> {
    const stream = await this.store.backend.get(keys.piece(this.record, index)).catch(() => null);
    if (!stream) return null;
    const reader = new ByteReader(
      { path: this.record.path, stream: () => stream, failure: unreadable },
      undefined,
      this.buffer,
    );
    try {
      const piece = await reader.fill(size);
      this.buffer = piece.buffer;
      return (await this.isRight(index, piece)) ? piece : null;
    } catch {
      // The reader may have lost the buffer with the stream.
      this.buffer = new ArrayBuffer(this.buffer.byteLength);
      return null;
    } finally {
      reader.close();
    }
  }

  async isRight(index: number, piece: Uint8Array<ArrayBuffer>): Promise<boolean> {
    return (await sha256Hex(piece)) === this.record.pieces[index];
  }
}

const unreadable = (cause: unknown) =>
  new WebDiTError('integrity', 'A stored piece cannot be read.', 'Load the model again.', { cause });
