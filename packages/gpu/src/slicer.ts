import type { DeviceHolder } from './device.ts';
import { type Dispatch, encodeDispatch } from './program.ts';
import type { PassTimer } from './timer.ts';

/** GPU time one submit may take, and how many may be queued: abort and the watchdog are never further away. */
const sliceSeconds = 0.08;
const slicesInFlight = 2;
/** A finished step is submitted at once when it is at least this long; shorter ones are gathered. */
const stepFlushSeconds = 0.008;
/** FLOP/s assumed before the first slice has been measured. */
const initialSpeed = { fallback: 1e9, hardware: 5e10 };

/** Weight of what was measured before, when a new slice has finished. */
const memory = 0.8;

/** Work done and the time it took, per device, fading; their ratio is the speed. Kept from run to run. */
const measured = new WeakMap<DeviceHolder, { readonly cost: number; readonly seconds: number }>();

/**
 * Cuts a stream of dispatches into submits of at most about 80 ms, at most two in flight. Only waits for the GPU to
 * finish work, never for data.
 */
export class Slicer {
  readonly #queue: GPUQueue;
  #encoder: GPUCommandEncoder | undefined;
  #pass: GPUComputePassEncoder | undefined;
  #cost = 0;
  #inFlight: Promise<void>[] = [];
  #lastDone = 0;
  #finishedSteps: number[] = [];
  #step = 0;

  constructor(
    readonly holder: DeviceHolder,
    readonly options: {
      readonly stepGroup: GPUBindGroup;
      readonly signal?: AbortSignal | undefined;
      readonly timer?: PassTimer | undefined;
      /** Called with the wall-clock time in ms at which step `n` was done on the GPU. */
      readonly onStepDone?: (n: number, at: number) => void;
    },
  ) {
    this.#queue = holder.device.queue;
  }

  /** Submits made so far. */
  submits = 0;

  get #secondsPerCost(): number {
    const known = measured.get(this.holder);
    if (known) return known.seconds / known.cost;
    return 1 / (this.holder.adapterInfo.isFallback ? initialSpeed.fallback : initialSpeed.hardware);
  }

  /** Encodes dispatches for step `n`, submitting whenever a slice is full. @throws the signal's reason on abort. */
  async add(n: number, stepOffset: number, dispatches: readonly Dispatch[]): Promise<void> {
    this.#step = n;
    for (const dispatch of dispatches) {
      const slice = (this.#cost + dispatch.cost) * this.#secondsPerCost;
      if (this.#cost > 0 && slice > sliceSeconds) await this.flush();
      this.#pass ??= this.#beginPass();
      encodeDispatch(this.#pass, dispatch, this.options.stepGroup, stepOffset);
      this.#cost += dispatch.cost;
    }
  }

  copy(from: GPUBuffer, to: GPUBuffer, toOffset: number, byteLength: number): void {
    this.#endPass();
    this.#encoder ??= this.holder.device.createCommandEncoder();
    this.#encoder.copyBufferToBuffer(from, 0, to, toOffset, byteLength);
  }

  /** Marks the end of step `n`; long steps are submitted at once, so that their event is not late. */
  async endStep(n: number): Promise<void> {
    this.#endPass();
    this.#finishedSteps.push(n);
    if (this.#cost * this.#secondsPerCost >= stepFlushSeconds) await this.flush();
  }

  /** Submits what is encoded; waits while two slices are in flight. */
  async flush(): Promise<void> {
    this.options.signal?.throwIfAborted();
    this.holder.check();
    this.#endPass();
    if (this.#encoder) {
      this.#queue.submit([this.#encoder.finish()]);
      this.submits++;
      this.#track(this.#cost, this.#finishedSteps);
      this.#encoder = undefined;
      this.#cost = 0;
      this.#finishedSteps = [];
    }
    while (this.#inFlight.length >= slicesInFlight) await this.#inFlight[0];
    this.options.signal?.throwIfAborted();
  }

  /** Submits the rest and waits for the GPU. */
  async finish(): Promise<void> {
    await this.flush();
    await Promise.all(this.#inFlight);
    this.holder.check();
  }

  #track(cost: number, steps: readonly number[]): void {
    const submitted = performance.now();
    const done = this.#queue.onSubmittedWorkDone().then(() => {
      void this.#inFlight.shift();
      const now = performance.now();
      this.#learn(cost, (now - Math.max(submitted, this.#lastDone)) / 1000);
      this.#lastDone = now;
      for (const n of steps) this.options.onStepDone?.(n, now);
    });
    this.#inFlight.push(done);
  }

  /** Two slices may be reported done at once, one with all the time and one with none: sums, not ratios, are averaged. */
  #learn(cost: number, seconds: number): void {
    const known = measured.get(this.holder) ?? { cost: 0, seconds: 0 };
    const sums = { cost: memory * known.cost + cost, seconds: memory * known.seconds + seconds };
    // The clock's resolution bounds what a slice can say: never faster than a microsecond a slice.
    if (cost > 0) measured.set(this.holder, { cost: sums.cost, seconds: Math.max(sums.seconds, 1e-6) });
  }

  #beginPass(): GPUComputePassEncoder {
    this.#encoder ??= this.holder.device.createCommandEncoder();
    const timestampWrites = this.options.timer?.next(this.#step);
    return this.#encoder.beginComputePass(timestampWrites ? { timestampWrites } : {});
  }

  #endPass(): void {
    this.#pass?.end();
    this.#pass = undefined;
  }
}
