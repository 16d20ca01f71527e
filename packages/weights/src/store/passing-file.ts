import { WebDiTError } from '@webdit/core';
import { ByteReader, pieceBytes } from '../byte-reader.ts';
import { type ByteProducer, byteStream } from '../byte-stream.ts';
import type { ManifestFile } from '../manifest.ts';
import { type Sha256, startSha256 } from '../sha256.ts';
import type { SourceFileParts } from '../source.ts';
import type { FileWriter } from './file-writer.ts';

export interface PassingHooks {
  /** What the manifest says of the file; null when it says nothing. */
  readonly expected: ManifestFile | null;
  /** Where it is stored on its way; null when it is not. */
  readonly writer: FileWriter | null;
  /** Told of every byte that came. */
  onBytes(count: number): void;
  /** The file has ended, is what it should be, and the writer has finished. */
  onEnd(): void;
}

/**
 * A file from the network that is hashed and stored while its reader takes it, in one pass. A file that is not what the manifest
 * says ends in an `integrity` error in the place of its end, and leaves nothing in the store.
 * @throws WebDiTError `integrity` where the size alone says so.
 */
export async function passingFile(file: SourceFileParts, hooks: PassingHooks): Promise<SourceFileParts> {
  const size = hooks.expected?.bytes ?? file.size;
  if (size !== undefined && file.size !== undefined && file.size !== size) {
    await file.stream().cancel();
    throw otherFile(file.path, otherSize(file.size, size));
  }
  return {
    path: file.path,
    ...(size === undefined ? {} : { size }),
    stream: () => byteStream(new Passage(file, hooks)),
    failure: (cause) => (cause instanceof WebDiTError ? cause : file.failure(cause)),
  };
}

class Passage implements ByteProducer {
  readonly #reader: ByteReader;
  #hash: Sha256 | null = null;
  #bytes = 0;
  #closed = false;
  #ended = false;

  constructor(
    private readonly file: SourceFileParts,
    private readonly hooks: PassingHooks,
  ) {
    this.#reader = new ByteReader(file);
  }

  async read(view: Uint8Array<ArrayBuffer>): Promise<number> {
    const { expected, writer, onBytes } = this.hooks;
    if (expected) this.#hash ??= await startSha256();
    const bytes = await this.#reader.fill(Math.min(view.length, pieceBytes));
    // A cancelled stream looks like one that has ended.
    if (this.#closed) return 0;
    this.#bytes += bytes.length;
    if (bytes.length === 0 || this.#bytes > (expected?.bytes ?? Number.POSITIVE_INFINITY)) {
      await this.#end();
      return 0;
    }
    view.set(bytes);
    this.#hash?.update(bytes);
    onBytes(bytes.length);
    await writer?.append(bytes);
    return bytes.length;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#reader.close();
    if (!this.#ended) await this.hooks.writer?.discard();
  }

  /** @throws WebDiTError `integrity`. */
  async #end(): Promise<void> {
    const { expected, writer, onEnd } = this.hooks;
    if (expected) this.#compare(expected);
    else if (this.file.size !== undefined && this.#bytes !== this.file.size)
      throw this.file.failure(new Error('The answer ended early.'));
    await writer?.finish();
    this.#ended = true;
    onEnd();
  }

  #compare({ path, bytes, sha256 }: ManifestFile): void {
    if (this.#bytes !== bytes) throw otherFile(path, otherSize(this.#bytes > bytes ? 'more' : this.#bytes, bytes));
    if (this.#hash?.digest() !== sha256) throw otherFile(path, 'its SHA-256 is another');
  }
}

const otherSize = (found: number | 'more', bytes: number) => `it has ${found} bytes instead of ${bytes}`;

function otherFile(path: string, what: string): WebDiTError {
  return new WebDiTError(
    'integrity',
    `${path} is not the file that the model's manifest names: ${what}.`,
    'Try again; if it stays so, the folder was changed after its manifest.json was written.',
  );
}
