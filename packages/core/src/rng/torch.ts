import { WebDiTError } from '../errors.ts';
import { logf, polarf } from './cephes.ts';
import { Mt19937 } from './mt19937.ts';

const block = 16;
const half = 8;
const twoPi = Math.fround(2 * Math.PI);

/** The largest seed torch takes, `2^64 - 1`. */
const maxSeed = 2n ** 64n - 1n;

/**
 * Checks a seed and returns it as torch's generator uses it.
 *
 * @throws WebDiTError `bad-argument` unless `seed` is a whole number from 0 to 2^53 - 1, or a bigint from 0 to 2^64 - 1.
 */
export function checkSeed(seed: number | bigint): number | bigint {
  const valid = typeof seed === 'bigint' ? seed >= 0n && seed <= maxSeed : Number.isSafeInteger(seed) && seed >= 0;
  if (!valid) {
    throw new WebDiTError(
      'bad-argument',
      `The seed ${String(seed)} is not a whole number from 0 to 2^53 - 1.`,
      'Pass a whole number such as 7, or a bigint up to 2^64 - 1.',
    );
  }
  return seed;
}

/**
 * Standard normal noise, equal to `torch.randn(count, generator=torch.Generator().manual_seed(seed))` on a CPU, whose further calls
 * go on where the one before stopped.
 * Torch has two paths: below 16 values it draws doubles one by one; from 16 on it fills blocks of 16 with f32 uniforms.
 * A tensor's values are drawn in row-major order, so `randn([1, C, H, W])` is `randn(C * H * W)`.
 */
export class TorchGenerator {
  readonly #engine: Mt19937;
  /** The second of a pair of doubles, which the next odd value takes. */
  #spare: number | undefined;

  /**
   * @param seed only its low 32 bits enter the generator, as in torch.
   * @throws WebDiTError `bad-argument` for a bad seed.
   */
  constructor(seed: number | bigint) {
    this.#engine = new Mt19937(Number(BigInt.asUintN(32, BigInt(checkSeed(seed)))));
  }

  /** @throws WebDiTError `bad-argument` for a bad count. */
  randn(count: number): Float32Array<ArrayBuffer> {
    const [noise = new Float32Array(0)] = this.parts(count, count);
    return noise;
  }

  /**
   * The values of `randn`, in order and in parts, for more of them than memory should hold at once.
   *
   * @param partSize roughly how many values a part has: whole blocks of 16 and, in the last part, what is left over.
   * @returns views of one buffer, each valid until the next is asked for.
   * @throws WebDiTError `bad-argument` for a bad count, at the first part.
   */
  *parts(count: number, partSize: number): Generator<Float32Array<ArrayBuffer>, void> {
    if (!Number.isSafeInteger(count) || count < 0) {
      throw new WebDiTError(
        'bad-argument',
        `The noise length ${count} is not a whole number.`,
        'Pass channels x height x width.',
      );
    }
    if (count < block) {
      yield Float32Array.from({ length: count }, () => this.#scalarNormal());
      return;
    }
    const partLength = Math.max(block, Math.floor(partSize / block) * block);
    const buffer = new Float32Array(Math.min(count, partLength + block - 1));
    for (let start = 0, length = 0; start < count; start += length) {
      // A ragged end shares its last 16 values with the block before it.
      length = count - start < partLength + block ? count - start : partLength;
      const part = buffer.subarray(0, length);
      blockNormal(this.#engine, part);
      yield part;
    }
  }

  /** Polar angle and radius per pair of doubles; the sine half is kept for the next value. */
  #scalarNormal(): number {
    const spare = this.#spare;
    if (spare !== undefined) {
      this.#spare = undefined;
      return spare;
    }
    const u1 = uniform53(this.#engine);
    const u2 = uniform53(this.#engine);
    const radius = Math.sqrt(-2 * Math.log1p(-u2));
    const theta = 2 * Math.PI * u1;
    this.#spare = radius * Math.sin(theta);
    return radius * Math.cos(theta);
  }
}

/** The first `count` values of a `TorchGenerator`. @throws WebDiTError `bad-argument` for a bad seed or count. */
export function torchRandn(seed: number | bigint, count: number): Float32Array {
  return new TorchGenerator(seed).randn(count);
}

/** Those values in parts. @throws WebDiTError `bad-argument` for a bad seed or count, at the first part. */
export function* torchRandnParts(
  seed: number | bigint,
  count: number,
  partSize: number,
): Generator<Float32Array<ArrayBuffer>, void> {
  yield* new TorchGenerator(seed).parts(count, partSize);
}

/** Uniforms first, all of them; then Box-Muller in place, block by block; a ragged end redraws the last 16 values. */
function blockNormal(engine: Mt19937, out: Float32Array): void {
  const count = out.length;
  for (let i = 0; i < count; i++) out[i] = uniform24(engine);
  for (let start = 0; start + block <= count; start += block) boxMullerBlock(out, start);
  if (count % block !== 0) {
    const start = count - block;
    for (let i = start; i < count; i++) out[i] = uniform24(engine);
    boxMullerBlock(out, start);
  }
}

/** Values j and j + 8 of a block make a pair. Each step rounds to f32, as torch's does. */
function boxMullerBlock(data: Float32Array, start: number): void {
  const f32 = Math.fround;
  for (let j = start; j < start + half; j++) {
    const u1 = f32(1 - (data[j] as number));
    const radius = f32(Math.sqrt(f32(-2 * logf(u1))));
    polarf(radius, f32(twoPi * (data[j + half] as number)), data, j, j + half);
  }
}

function uniform24(engine: Mt19937): number {
  return (engine.next() & 0xffffff) * 2 ** -24;
}

/** 53 bits of a 64-bit draw whose high word comes first. */
function uniform53(engine: Mt19937): number {
  const high = engine.next() & 0x1fffff;
  const low = engine.next();
  return (high * 2 ** 32 + low) * 2 ** -53;
}
