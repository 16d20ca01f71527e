import { crc32, deflateRawSync } from 'node:zlib';

/** Opcodes of a pickle, written one after another. */
export class PickleWriter {
  readonly #bytes: number[] = [0x80, 2];

  raw(...bytes: readonly number[]): this {
    this.#bytes.push(...bytes);
    return this;
  }

  text(text: string): this {
    const bytes = Buffer.from(text);
    return this.raw(0x58, ...uint32(bytes.length), ...bytes);
  }

  int(value: number): this {
    return this.raw(0x4a, ...uint32(value));
  }

  tuple(...write: readonly (() => void)[]): this {
    this.raw(0x28);
    for (const item of write) item();
    return this.raw(0x74);
  }

  ints(values: readonly number[]): this {
    return this.tuple(...values.map((value) => () => void this.int(value)));
  }

  global(module: string, name: string): this {
    return this.raw(0x63, ...Buffer.from(`${module}\n${name}\n`));
  }

  /** A dict whose values are written by functions. */
  dict(entries: Readonly<Record<string, () => void>>): this {
    this.raw(0x7d, 0x28);
    for (const [key, write] of Object.entries(entries)) {
      this.text(key);
      write();
    }
    return this.raw(0x75);
  }

  tensor({ storage, key, elements, offset = 0, shape, strides }: WrittenTensor): this {
    this.global('torch._utils', '_rebuild_tensor_v2');
    this.tuple(
      () => {
        const write = [() => this.text('storage'), () => this.global('torch', storage), () => this.text(key)];
        this.tuple(
          ...write,
          () => this.text('cpu'),
          () => this.int(elements),
        ).raw(0x51);
      },
      () => this.int(offset),
      () => this.ints(shape),
      () => this.ints(strides),
      () => this.raw(0x89),
      () => this.global('collections', 'OrderedDict').raw(0x29, 0x52),
    );
    return this.raw(0x52);
  }

  end(): Uint8Array {
    return Uint8Array.from([...this.#bytes, 0x2e]);
  }
}

export interface WrittenTensor {
  /** Such as `FloatStorage`. */
  readonly storage: string;
  readonly key: string;
  /** Of the whole storage. */
  readonly elements: number;
  readonly offset?: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

export interface ZipOptions {
  /** Name of the one entry that is compressed. */
  readonly compressed?: string;
  /** Puts sizes, offsets and the directory's place into the 64-bit fields, as of a file beyond 4 GiB. `offset` stands in for each entry's. */
  readonly zip64?: { readonly offset?: bigint };
}

/** A checkpoint as `torch.save` lays it out: the pickle and storages by key. */
export function writeCheckpoint(
  pickle: Uint8Array,
  storages: Readonly<Record<string, ArrayBufferView>>,
  options: ZipOptions = {},
): Uint8Array {
  const data = Object.entries(storages).map(([key, values]): [string, Uint8Array] => [
    `archive/data/${key}`,
    new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength),
  ]);
  return writeZip([['archive/data.pkl', pickle], ['archive/byteorder', Buffer.from('little')], ...data], options);
}

/** A zip file, of stored entries but for one. Source of the format: PKWARE's APPNOTE, 4.3 and 4.5.3. */
export function writeZip(
  entries: readonly (readonly [string, Uint8Array])[],
  { compressed, zip64 }: ZipOptions = {},
): Uint8Array {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  const inExtra = [255, 255, 255, 255];
  let offset = 0;
  for (const [name, content] of entries) {
    const method = name === compressed ? 8 : 0;
    const data = method === 8 ? deflateRawSync(content) : content;
    const sizes = zip64 ? [...inExtra, ...inExtra] : [...uint32(data.length), ...uint32(content.length)];
    const wide = zip64 ? [...uint64(content.length), ...uint64(data.length)] : [];
    const extraOf = (fields: readonly number[]) => (zip64 ? [...uint16(1), ...uint16(fields.length), ...fields] : []);
    const header = (extra: readonly number[]) => [
      ...uint16(zip64 ? 45 : 20),
      ...uint16(0),
      ...uint16(method),
      ...uint32(0),
      ...uint32(crc32(content)),
      ...sizes,
      ...uint16(name.length),
      ...uint16(extra.length),
    ];
    const extra = extraOf(wide);
    const local = Uint8Array.from([0x50, 0x4b, 3, 4, ...header(extra), ...Buffer.from(name), ...extra]);
    const place = extraOf([...wide, ...uint64(zip64?.offset ?? offset)]);
    directory.push(
      Uint8Array.from([
        ...[0x50, 0x4b, 1, 2, 20, 0],
        ...header(place),
        ...new Array(10).fill(0),
        ...(zip64 ? inExtra : uint32(offset)),
        ...Buffer.from(name),
        ...place,
      ]),
    );
    parts.push(local, data);
    offset += local.length + data.length;
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0);
  return Buffer.concat([
    ...parts,
    ...directory,
    Uint8Array.from(zipEnd(entries.length, size, offset, zip64 !== undefined)),
  ]);
}

/** What closes a zip file: how many entries there are, and where their directory lies. */
function zipEnd(entries: number, size: number, offset: number, zip64: boolean): number[] {
  const end = (count: number[], place: number[]) => [0x50, 0x4b, 5, 6, 0, 0, 0, 0, ...count, ...count, ...place, 0, 0];
  if (!zip64) return end(uint16(entries), [...uint32(size), ...uint32(offset)]);
  const count = uint64(entries);
  const wide = [
    ...uint16(45),
    ...uint16(45),
    ...uint32(0),
    ...uint32(0),
    ...count,
    ...count,
    ...uint64(size),
    ...uint64(offset),
  ];
  return [
    ...[0x50, 0x4b, 6, 6, ...uint64(wide.length), ...wide],
    ...[0x50, 0x4b, 6, 7, ...uint32(0), ...uint64(offset + size), ...uint32(1)],
    ...end([255, 255], new Array(8).fill(255)),
  ];
}

const uint16 = (value: number) => [value & 255, (value >> 8) & 255];
const uint32 = (value: number) => [...uint16(value), ...uint16(value >>> 16)];
const uint64 = (value: number | bigint) => {
  const low = BigInt.asUintN(64, BigInt(value));
  return [...uint32(Number(low & 0xffffffffn)), ...uint32(Number(low >> 32n))];
};
