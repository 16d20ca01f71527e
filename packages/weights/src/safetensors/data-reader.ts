import { ByteReader, pieceBytes } from '../byte-reader.ts';
import { bytesIn, holds } from '../file-parts.ts';
import type { FilePart, SourceFileParts } from '../source.ts';
import {
  fileBytes,
  readSafetensorsHeader,
  type SafetensorsHeader,
  type SafetensorsTensor,
  trailing,
  truncated,
} from './header.ts';
import type { StreamOptions } from './stream.ts';

/** Bytes that are read over rather than left out: a new request takes about as long as this many. */
const nearBytes = 2 ** 20;

/** What to read of a file of which only these tensors are wanted, where what nobody wants may be left out. */
export function partsWith(header: SafetensorsHeader, wanted: ReadonlySet<string>): FilePart[] {
  const { tensors, dataStart, dataBytes } = header;
  const parts: { begin: number; end: number }[] = [{ begin: 0, end: dataStart }];
  const ends = { begin: dataBytes, end: dataBytes };
  for (const { begin, end } of [...tensors.filter(({ name }) => wanted.has(name)), ends]) {
    const last = parts.at(-1);
    if (last && dataStart + begin - last.end <= nearBytes) last.end = dataStart + end;
    else if (end > begin) parts.push({ begin: dataStart + begin, end: dataStart + end });
  }
  return parts;
}

/** Reads a safetensors file's data section from front to back; tensors that the file leaves out are passed. */
export class DataReader {
  /** How far the data section has been read. */
  #position = 0;
  readonly #reader: ByteReader;

  private constructor(
    private readonly file: SourceFileParts,
    readonly header: SafetensorsHeader,
    reader: ByteReader,
    private readonly options: StreamOptions,
  ) {
    this.#reader = reader;
  }

  /** Reads the header. @throws WebDiTError `format`; the source's errors; `signal.reason`. */
  static async open(file: SourceFileParts, options: StreamOptions): Promise<DataReader> {
    const reader = new ByteReader(file, options.signal);
    try {
      return new DataReader(file, await readSafetensorsHeader(reader, file), reader, options);
    } catch (error) {
      reader.close();
      throw error;
    }
  }

  /** Goes on to a tensor that has not been passed yet. @throws WebDiTError `format` for one that the file leaves out. */
  async goTo(tensor: SafetensorsTensor): Promise<void> {
    if (this.#isLeftOut(tensor)) throw truncated(tensor.name, this.file.path);
    await this.#readOver(tensor.begin);
  }

  /** The next bytes of the tensor it stands in; null at its end. Valid until the next call. */
  async next({ name, dtype, end }: SafetensorsTensor): Promise<Uint8Array<ArrayBuffer> | null> {
    // Bytes may become four times as many.
    const most = dtype === 'I8' ? pieceBytes / 2 : pieceBytes;
    const count = Math.min(most, end - this.#position);
    if (count === 0) return null;
    const piece = await this.#reader.fill(count);
    if (piece.length < count) throw truncated(name, this.file.path);
    this.#position += count;
    return piece;
  }

  /** Says how far it has come. @throws `signal.reason`. */
  report(): void {
    this.options.signal?.throwIfAborted();
    const { parts = [{ begin: 0, end: fileBytes(this.header) }] } = this.file;
    const position = this.header.dataStart + this.#position;
    this.options.onProgress?.({ loaded: bytesIn(parts, position), total: bytesIn(parts) });
  }

  /** Goes on to the end. @throws WebDiTError `format` where it is not the file's. */
  async finish(): Promise<void> {
    await this.#readOver(this.header.dataBytes);
    if ((await this.#reader.fill(1)).length > 0) throw trailing(this.file.path, 'some');
  }

  close(): void {
    this.#reader.close();
  }

  async #readOver(offset: number): Promise<void> {
    for (const tensor of this.header.tensors) {
      if (tensor.begin >= offset) return;
      if (this.#isLeftOut(tensor)) this.#position = Math.max(this.#position, tensor.end);
      while (this.#position < tensor.end && (await this.next(tensor))) this.report();
    }
  }

  #isLeftOut({ begin, end }: SafetensorsTensor): boolean {
    const { parts } = this.file;
    const { dataStart } = this.header;
    return parts !== undefined && !holds(parts, [{ begin: dataStart + begin, end: dataStart + end }]);
  }
}
