import { WebDiTError } from '@webdit/core';
import { type ByteProducer, byteStream } from '../byte-stream.ts';
import { type ResumeOptions, ResumingReader } from '../resuming-reader.ts';
import { type Sha256, startSha256 } from '../sha256.ts';
import type { FilePart, SourceFile, SourceFileParts } from '../source.ts';
import { isPinned } from '../version.ts';
import type { FileWriter } from './file-writer.ts';
import type { ModelStore } from './model-store.ts';
import { PieceReader } from './piece-reader.ts';
import type { UnfinishedRecord } from './records.ts';
import { notWhole } from './refusals.ts';

/** What a file has to be. */
export interface ExpectedFile {
  readonly path: string;
  /** Where that is known. */
  readonly bytes?: number | undefined;
  /** 64 hexadecimal digits. */
  readonly sha256: string;
  /** Who says so. */
  readonly by: 'manifest' | 'source';
}

/** What a download that broke off has left in a store. */
export interface Beginning {
  readonly store: ModelStore;
  readonly record: UnfinishedRecord;
}

export interface Passing {
  readonly path: string;
  /** What the file has to be, where all of it passes; null when nothing is known. */
  readonly expected: ExpectedFile | null;
  /** For parts of a file: these, and the whole's size, where that is known, and its version on the network. */
  readonly of?:
    | { readonly parts: readonly FilePart[]; readonly size: number | undefined; readonly version: string }
    | undefined;
  /** The file, if it has been opened; from its first byte, or where `beginning` ends. */
  readonly file: SourceFile | null;
  /** Opens it, also again when it breaks off. */
  readonly open: ResumeOptions['open'];
  /** What is stored of it already; null for nothing. */
  readonly beginning: Beginning | null;
  /** Where it is stored on its way; null when it is not. */
  readonly writer: FileWriter | null;
  readonly retryDelays: readonly number[] | undefined;
  /** Told of every byte that came over the network. */
  onBytes(count: number): void;
  /** The file has ended, is what it should be, and the writer has finished. */
  onEnd(): void;
}

/**
 * A file from the network that is hashed and stored while its reader takes it, in one pass; of one that an earlier download began,
 * only the rest is fetched. A file that is not what was expected ends in an `integrity` error in the place of its end, and leaves
 * nothing in the store.
 * @throws WebDiTError `integrity` where the size alone says so.
 */
export async function passingFile(passing: Passing): Promise<SourceFileParts> {
  const { path, file, expected, of } = passing;
  const size = expected?.bytes ?? file?.size ?? of?.size;
  const version = file?.version ?? of?.version;
  if (expected && file && size !== undefined && file.size !== undefined && file.size !== size) {
    await file.stream().cancel();
    throw otherFile(expected, otherSize(file.size, size));
  }
  return {
    path,
    ...(size === undefined ? {} : { size }),
    ...(version === undefined ? {} : { version }),
    ...(of ? { parts: of.parts } : {}),
    givesParts: isPinned(version) && expected?.by !== 'manifest',
    stream: () => byteStream(new Passage(passing)),
    failure: (cause) => (cause instanceof WebDiTError ? cause : (file?.failure(cause) ?? notWhole(passing))),
  };
}

class Passage implements ByteProducer {
  readonly #beginning: PieceReader | null;
  /** The stored piece being handed out. */
  #piece = new Uint8Array(0);
  #offset = 0;
  #next = 0;
  #network: ResumingReader | null = null;
  #hash: Sha256 | null = null;
  #bytes = 0;
  #closed = false;
  #ended = false;
  /** Whether the file is not what was expected. */
  #wrong = false;

  constructor(private readonly passing: Passing) {
    const { beginning } = passing;
    this.#beginning = beginning && new PieceReader(beginning.store, beginning.record, beginning.record.pieceBytes);
  }

  async read(view: Uint8Array<ArrayBuffer>): Promise<number> {
    const { expected, writer } = this.passing;
    if (expected) this.#hash ??= await startSha256();
    const stored = await this.#readBeginning(view);
    const count = stored || (await this.#openNetwork().read(view));
    // A cancelled stream looks like one that has ended.
    if (this.#closed) return 0;
    this.#bytes += count;
    if (count === 0 || this.#bytes > (expected?.bytes ?? Number.POSITIVE_INFINITY)) {
      await this.#end();
      return 0;
    }
    const bytes = view.subarray(0, count);
    this.#hash?.update(bytes);
    if (stored === 0) await writer?.append(bytes);
    return count;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const network = this.#openNetwork();
    network.close();
    if (this.#ended) return;
    if (this.#wrong || network.changed) await this.passing.writer?.discard();
    else await this.passing.writer?.suspend();
  }

  /** What an earlier download has stored, piece by piece, up to one that is damaged. @returns 0 where that ends. */
  async #readBeginning(view: Uint8Array): Promise<number> {
    const { beginning, writer } = this.passing;
    if (!beginning || !this.#beginning || this.#network) return 0;
    if (this.#offset === this.#piece.length) {
      const { pieces, pieceBytes } = beginning.record;
      const hash = pieces[this.#next];
      const piece = hash === undefined ? null : await this.#beginning.read(this.#next++, pieceBytes);
      this.#piece = piece ?? new Uint8Array(0);
      this.#offset = 0;
      if (piece && hash !== undefined) await writer?.adopt(piece, hash);
    }
    const part = this.#piece.subarray(this.#offset, this.#offset + view.length);
    view.set(part);
    this.#offset += part.length;
    return part.length;
  }

  /** The rest of the file, from where its stored beginning has ended. */
  #openNetwork(): ResumingReader {
    const { expected, beginning, of, ...options } = this.passing;
    const version = of?.version ?? beginning?.record.version;
    const place = { parts: of?.parts, position: this.#bytes };
    this.#network ??= new ResumingReader({ ...options, ...place, version, hashed: expected !== null });
    return this.#network;
  }

  /** @throws WebDiTError `integrity`. */
  async #end(): Promise<void> {
    const { expected, writer, onEnd } = this.passing;
    const difference = expected && this.#difference(expected);
    if (expected && difference) {
      this.#wrong = true;
      throw otherFile(expected, difference);
    }
    await writer?.finish();
    this.#ended = true;
    onEnd();
  }

  #difference({ bytes = this.#bytes, sha256 }: ExpectedFile): string | null {
    if (this.#bytes !== bytes) return otherSize(this.#bytes > bytes ? 'more' : this.#bytes, bytes);
    return this.#hash?.digest() === sha256 ? null : 'its SHA-256 is another';
  }
}

const otherSize = (found: number | 'more', bytes: number) => `it has ${found} bytes instead of ${bytes}`;

function otherFile({ path, by }: ExpectedFile, what: string): WebDiTError {
  return by === 'manifest'
    ? new WebDiTError(
        'integrity',
        `${path} is not the file that the model's manifest names: ${what}.`,
        'Try again; if it stays so, the folder was changed after its manifest.json was written.',
      )
    : new WebDiTError(
        'integrity',
        `${path} is not the file that its server announced: ${what}.`,
        'Try again; if it stays so, the server sends something else than it should.',
      );
}
