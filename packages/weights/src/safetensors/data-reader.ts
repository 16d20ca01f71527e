import { ByteReader, pieceBytes } from '../byte-reader.ts';
import type { SourceFileParts } from '../source.ts';
import {
  fileBytes,
  readSafetensorsHeader,
  type SafetensorsHeader,
  type SafetensorsTensor,
  trailing,
  truncated,
} from './header.ts';
import type { StreamOptions } from './stream.ts';

/** Whether what lies between is left out rather than read over: of a mebibyte or less, a new request takes about as long. */
const isFar = (from: number, to: number) => to - from > 2 ** 20;

/** Bytes that are read of a file of which only these tensors are wanted, where what nobody wants may be left out. */
export function bytesOfParts(header: SafetensorsHeader, wanted: ReadonlySet<string>): number {
  const { tensors, dataStart, dataBytes } = header;
  let position = 0;
  let bytes = dataStart;
  for (const { begin, end } of [
    ...tensors.filter(({ name }) => wanted.has(name)),
    { begin: dataBytes, end: dataBytes },
  ]) {
    bytes += end - (isFar(position, begin) ? begin : position);
    position = end;
  }
  return bytes;
}

/** Reads a safetensors file's data section from front to back; what lies between the tensors that are asked for may be left out. */
export class DataReader {
  /** How far the data section has been read. */
  #position = 0;
  #reader: ByteReader;

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

  /** Goes on to a tensor that has not been passed yet. */
  async goTo({ begin }: SafetensorsTensor): Promise<void> {
    const again = isFar(this.#position, begin) ? await this.options.reopen?.(this.header.dataStart + begin) : null;
    if (!again) return this.#readOver(begin);
    this.#reader.close();
    this.#reader = new ByteReader(again, this.options.signal);
    this.#position = begin;
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
    this.options.onProgress?.({ loaded: this.header.dataStart + this.#position, total: fileBytes(this.header) });
  }

  /** Goes on to the end. @throws WebDiTError `format` where it is not the file's. */
  async finish(): Promise<void> {
    const { dataBytes } = this.header;
    if (this.options.reopen && isFar(this.#position, dataBytes)) {
      this.#position = dataBytes;
      return this.report();
    }
    await this.#readOver(dataBytes);
    if ((await this.#reader.fill(1)).length > 0) throw trailing(this.file.path, 'some');
  }

  close(): void {
    this.#reader.close();
  }

  async #readOver(offset: number): Promise<void> {
    for (const tensor of this.header.tensors) {
      if (tensor.begin >= offset) return;
      while (this.#position < tensor.end && (await this.next(tensor))) this.report();
    }
  }
}
