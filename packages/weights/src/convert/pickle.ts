import { badCheckpoint, foreignCheckpoint } from './errors.ts';
import type { PickleValue } from './pickle-values.ts';
import { callGlobal, findGlobal, loadStorage } from './torch-globals.ts';

type MutableMap = Map<PickleValue, PickleValue>;

/**
 * Reads a pickle of protocol 2 to 5, as far as `torch.save` writes it for tensors in dicts, lists and tuples. It is a list of instructions for
 * a stack; here none of them can run code.
 *
 * @param path names the file in messages.
 * @throws WebDiTError `format`, for a name that is not one of PyTorch's tensors' naming it.
 */
export function readPickle(bytes: Uint8Array, path: string): PickleValue {
  return new PickleReader(bytes, path).read();
}

class PickleReader {
  /** By opcode; the names are Python's. */
  static readonly #instructions = new Map<number, (r: PickleReader) => void>([
    [0x80, (r) => r.#protocol(r.#uint(1))], // PROTO
    [0x95, (r) => r.#take(8)], // FRAME: how the rest is cut into reads
    [0x28, (r) => r.#mark()], // MARK
    [0x30, (r) => r.#pop()], // POP
    [0x31, (r) => r.#popMark()], // POP_MARK
    [0x4e, (r) => r.#push(null)], // NONE
    [0x88, (r) => r.#push(true)], // NEWTRUE
    [0x89, (r) => r.#push(false)], // NEWFALSE
    [0x4a, (r) => r.#push(r.#uint(4) | 0)], // BININT
    [0x4b, (r) => r.#push(r.#uint(1))], // BININT1
    [0x4d, (r) => r.#push(r.#uint(2))], // BININT2
    [0x8a, (r) => r.#push(toInteger(r.#take(r.#uint(1))))], // LONG1
    [0x47, (r) => r.#push(r.#float())], // BINFLOAT
    [0x58, (r) => r.#push(r.#text(r.#uint(4)))], // BINUNICODE
    [0x8c, (r) => r.#push(r.#text(r.#uint(1)))], // SHORT_BINUNICODE
    [0x8d, (r) => r.#push(r.#text(r.#length8()))], // BINUNICODE8
    [0x42, (r) => r.#push(r.#take(r.#uint(4)))], // BINBYTES
    [0x43, (r) => r.#push(r.#take(r.#uint(1)))], // SHORT_BINBYTES
    [0x5d, (r) => r.#push([])], // EMPTY_LIST
    [0x29, (r) => r.#push([])], // EMPTY_TUPLE
    [0x74, (r) => r.#push(r.#popMark())], // TUPLE
    [0x85, (r) => r.#push(r.#popMany(1))], // TUPLE1
    [0x86, (r) => r.#push(r.#popMany(2))], // TUPLE2
    [0x87, (r) => r.#push(r.#popMany(3))], // TUPLE3
    [0x61, (r) => r.#append([r.#pop()])], // APPEND
    [0x65, (r) => r.#append(r.#popMark())], // APPENDS
    [0x7d, (r) => r.#push(new Map())], // EMPTY_DICT
    [0x73, (r) => r.#set(r.#popMany(2))], // SETITEM
    [0x75, (r) => r.#set(r.#popMark())], // SETITEMS
    [0x68, (r) => r.#get(r.#uint(1))], // BINGET
    [0x6a, (r) => r.#get(r.#uint(4))], // LONG_BINGET
    [0x71, (r) => r.#put(r.#uint(1))], // BINPUT
    [0x72, (r) => r.#put(r.#uint(4))], // LONG_BINPUT
    [0x94, (r) => r.#put(r.#memo.size)], // MEMOIZE
    [0x63, (r) => r.#push(findGlobal(r.#line(), r.#line(), r.#path))], // GLOBAL
    [0x93, (r) => r.#stackGlobal(r.#popMany(2))], // STACK_GLOBAL
    [0x52, (r) => r.#reduce(r.#popMany(2))], // REDUCE
    [0x62, (r) => r.#build(r.#popMany(2))], // BUILD
    [0x51, (r) => r.#push(loadStorage(r.#pop(), r.#path))], // BINPERSID
  ]);

  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #path: string;
  readonly #memo = new Map<number, PickleValue>();
  #at = 0;
  #stack: PickleValue[] = [];
  /** Stacks that marks have put aside. */
  readonly #marks: PickleValue[][] = [];

  constructor(bytes: Uint8Array, path: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#path = path;
  }

  read(): PickleValue {
    for (;;) {
      const opcode = this.#uint(1);
      if (opcode === 0x2e) return this.#pop();
      this.#run(opcode);
    }
  }

  #run(opcode: number): void {
    const instruction = PickleReader.#instructions.get(opcode);
    if (!instruction) {
      throw foreignCheckpoint(
        `${this.#path} has the pickle instruction 0x${opcode.toString(16)}, which no checkpoint of tensors needs.`,
      );
    }
    instruction(this);
  }

  #mark(): void {
    this.#marks.push(this.#stack);
    this.#stack = [];
  }

  #protocol(version: number): void {
    if (version < 2 || version > 5)
      throw badCheckpoint(`${this.#path} is a pickle of protocol ${version}, not 2 to 5.`);
  }

  #append(items: readonly PickleValue[]): void {
    const list = this.#top();
    if (!Array.isArray(list)) throw this.#broken();
    for (const item of items) list.push(item);
  }

  #set(items: readonly PickleValue[]): void {
    const dict = this.#top();
    if (!(dict instanceof Map) || items.length % 2 !== 0) throw this.#broken();
    for (let i = 0; i < items.length; i += 2) (dict as MutableMap).set(items[i] ?? null, items[i + 1] ?? null);
  }

  #stackGlobal([module, name]: readonly PickleValue[]): void {
    if (typeof module !== 'string' || typeof name !== 'string') throw this.#broken();
    this.#push(findGlobal(module, name, this.#path));
  }

  #reduce([callable = null, args = null]: readonly PickleValue[]): void {
    this.#push(callGlobal(callable, args, this.#path));
  }

  /** A state dict has attributes, which say nothing of its tensors. */
  #build([object = null]: readonly PickleValue[]): void {
    if (!(object instanceof Map)) throw this.#broken();
    this.#push(object);
  }

  #get(key: number): void {
    const value = this.#memo.get(key);
    if (value === undefined) throw this.#broken();
    this.#push(value);
  }

  #put(key: number): void {
    this.#memo.set(key, this.#top());
  }

  #push(value: PickleValue): void {
    this.#stack.push(value);
  }

  #top(): PickleValue {
    const value = this.#stack.at(-1);
    if (value === undefined) throw this.#broken();
    return value;
  }

  #pop(): PickleValue {
    const value = this.#stack.pop();
    if (value === undefined) throw this.#broken();
    return value;
  }

  #popMany(count: number): PickleValue[] {
    if (this.#stack.length < count) throw this.#broken();
    return this.#stack.splice(-count);
  }

  #popMark(): PickleValue[] {
    const items = this.#stack;
    const below = this.#marks.pop();
    if (!below) throw this.#broken();
    this.#stack = below;
    return items;
  }

  #take(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw badCheckpoint(`The pickle of ${this.#path} is cut short.`);
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  /** Little-endian. */
  #uint(length: 1 | 2 | 4): number {
    const taken = this.#take(length);
    let value = 0;
    for (let i = length - 1; i >= 0; i--) value = value * 256 + (taken[i] as number);
    return value;
  }

  /** Beyond what a number holds, beyond the file too. */
  #length8(): number {
    const low = this.#uint(4);
    return this.#uint(4) * 2 ** 32 + low;
  }

  #float(): number {
    const at = this.#at;
    this.#take(8);
    return this.#view.getFloat64(at);
  }

  #text(length: number): string {
    return new TextDecoder().decode(this.#take(length));
  }

  #line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    const line = this.#text((end < 0 ? this.#bytes.length + 1 : end) - this.#at);
    this.#at++;
    return line;
  }

  #broken() {
    return badCheckpoint(`The pickle of ${this.#path} is broken: an instruction finds nothing it can work on.`);
  }
}

/** Two's complement, little-endian; a bigint only where a number would lose digits. */
function toInteger(bytes: Uint8Array): number | bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] as number);
  const signed = BigInt.asIntN(8 * bytes.length, value);
  const number = Number(signed);
  return Number.isSafeInteger(number) ? number : signed;
}
