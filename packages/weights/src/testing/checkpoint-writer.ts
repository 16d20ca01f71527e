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

/** A checkpoint as `torch.save` lays it out: the pickle and storages by key. */
export function writeCheckpoint(pickle: Uint8Array, storages: Readonly<Record<string, ArrayBufferView>>): Uint8Array {
  const data = Object.entries(storages).map(([key, values]): [string, Uint8Array] => [
    `archive/data/${key}`,
    new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength),
  ]);
  return writeZip([['archive/data.pkl', pickle], ['archive/byteorder', Buffer.from('little')], ...data]);
}

/** A zip file of stored entries, or of one that is compressed. */
export function writeZip(entries: readonly (readonly [string, Uint8Array])[], compressed?: string): Uint8Array {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const [name, content] of entries) {
    const method = name === compressed ? 8 : 0;
    const data = method === 8 ? deflateRawSync(content) : content;
    const sizes = [...uint32(crc32(content)), ...uint32(data.length), ...uint32(content.length)];
    const fields = [
      ...uint16(20),
      ...uint16(0),
      ...uint16(method),
      ...uint32(0),
      ...sizes,
      ...uint16(name.length),
      0,
      0,
    ];
    const local = Uint8Array.from([0x50, 0x4b, 3, 4, ...fields, ...Buffer.from(name)]);
    directory.push(
      Uint8Array.from([
        0x50,
        0x4b,
        1,
        2,
        20,
        0,
        ...fields,
        ...new Array(10).fill(0),
        ...uint32(offset),
        ...Buffer.from(name),
      ]),
    );
    parts.push(local, data);
    offset += local.length + data.length;
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0);
  const count = uint16(entries.length);
  const end = [0x50, 0x4b, 5, 6, 0, 0, 0, 0, ...count, ...count, ...uint32(size), ...uint32(offset), 0, 0];
  return Buffer.concat([...parts, ...directory, Uint8Array.from(end)]);
}

const uint16 = (value: number) => [value & 255, (value >> 8) & 255];
const uint32 = (value: number) => [...uint16(value), ...uint16(value >>> 16)];
