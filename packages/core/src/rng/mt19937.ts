const stateSize = 624;
const shiftSize = 397;

/** Mersenne Twister, 32 bit. Matsumoto and Nishimura 1998; the same stream as torch's CPU generator. */
export class Mt19937 {
  readonly #state = new Uint32Array(stateSize);
  #index = stateSize;

  /** @param seed only its low 32 bits count, as in torch. */
  constructor(seed: number) {
    const state = this.#state;
    state[0] = seed >>> 0;
    for (let i = 1; i < stateSize; i++) {
      const previous = state[i - 1] as number;
      state[i] = (Math.imul(1812433253, previous ^ (previous >>> 30)) + i) >>> 0;
    }
  }

  /** The next 32 random bits, as an unsigned integer. */
  next(): number {
    if (this.#index === stateSize) this.#twist();
    let y = this.#state[this.#index++] as number;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    y ^= y >>> 18;
    return y >>> 0;
  }

  #twist(): void {
    const state = this.#state;
    for (let i = 0; i < stateSize; i++) {
      const next = state[(i + 1) % stateSize] as number;
      const y = ((state[i] as number) & 0x80000000) | (next & 0x7fffffff);
      const mixed = (state[(i + shiftSize) % stateSize] as number) ^ (y >>> 1);
      state[i] = (next & 1 ? mixed ^ 0x9908b0df : mixed) >>> 0;
    }
    this.#index = 0;
  }
}
