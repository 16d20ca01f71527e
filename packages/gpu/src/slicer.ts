import type { Gate } from '@webdit/core';
import type { AdapterInfo, DeviceHolder } from './device.ts';
import { bindStep, type Dispatch, encodeDispatch } from './program.ts';
import type { PassTimer } from './timer.ts';

/** GPU time one submit may take, and how many may be queued: abort and the watchdog are never further away. */
const sliceSeconds = 0.08;
const slicesInFlight = 2;
/** A finished step is submitted at once when it is at least this long; shorter ones are gathered. */
const stepFlushSeconds = 0.008;
/** FLOP/s assumed before the first slice has been measured. */
export const initialSpeed = { fallback: 1e9, hardware: 5e10 };

/** FLOPs of one dispatch, which cannot be interrupted, on an adapter whose speed is not known. */
const largestDispatch = { fallback: 2.5e8, hardware: 5e9 };

export function dispatchCostLimit({ isFallback }: AdapterInfo): number {
  return isFallback ? largestDispatch.fallback : largestDispatch.hardware;
}

/** The same on a device that may have shown that a slice holds more; in powers of two, so that it rarely changes. */
export function measuredDispatchCostLimit({
  device,
  adapterInfo,
}: Pick<DeviceHolder, 'device' | 'adapterInfo'>): number {
  const first = dispatchCostLimit(adapterInfo);
  const known = measured.get(device);
  if (!known) return first;
  return Math.max(first, 2 ** Math.floor(Math.log2((sliceSeconds * known.cost) / known.seconds)));
}

/** Weight of what was measured before, when a new slice has finished. */
const memory = 0.8;

/** Work done and the time it took, per device, fading; their ratio is the speed. Kept from run to run. */
const measured = new WeakMap<GPUDevice, { readonly cost: number; readonly seconds: number }>();

/**
 * Cuts a stream of dispatches into submits of at most about 80 ms, at most two in flight. Only waits for the GPU to
 * finish work, never for data.
 */
export class Slicer {
  readonly #queue: GPUQueue;
  #encoder: GPUCommandEncoder | undefined;
  #pass: GPUComputePassEncoder | undefined;
  #slice = new Slice();
  #inFlight: Promise<void>[] = [];
  #afterSubmit: (() => void)[] = [];
  #lastDone = 0;
  #step = 0;
  /** Milliseconds so far of the step that is not done yet. */
  #unfinishedMs = 0;

  constructor(
    readonly holder: Pick<DeviceHolder, 'device' | 'adapterInfo' | 'check'>,
    readonly options: {
      /** Left out where no kernel reads the step. */
      readonly stepGroup?: GPUBindGroup;
      readonly signal?: AbortSignal | undefined;
      /** Nothing is submitted while it is closed. Step times leave out what was waited for it. */
      readonly gate?: Gate | undefined;
      readonly timer?: PassTimer | undefined;
      /** Called when the GPU has done step `n`, with its milliseconds; those of all steps add up to the loop's. */
      readonly onStepDone?: (n: number, ms: number) => void;
    },
  ) {
    this.#queue = holder.device.queue;
    this.#lastDone = performance.now();
  }

  /** Encodes dispatches for step `n`, submitting whenever a slice is full. @throws the signal's reason on abort. */
  async add(n: number, stepOffset: number, dispatches: readonly Dispatch[]): Promise<void> {
    this.#step = n;
    for (const dispatch of dispatches) {
      const seconds = (this.#slice.cost + dispatch.cost) * this.#secondsPerCost;
      if (this.#slice.cost > 0 && seconds > sliceSeconds) await this.flush();
      this.#pass ??= this.#beginPass(stepOffset);
      encodeDispatch(this.#pass, dispatch);
      this.#slice.add(dispatch.cost);
    }
  }

  copy(from: GPUBuffer, to: GPUBuffer, toOffset: number, byteLength: number, fromOffset = 0): void {
    this.#endPass();
    this.#encoder ??= this.holder.device.createCommandEncoder();
    this.#encoder.copyBufferToBuffer(from, fromOffset, to, toOffset, byteLength);
  }

  /** Calls back once what is encoded so far has been submitted: a buffer may be mapped only then. */
  afterSubmit(callback: () => void): void {
    this.#afterSubmit.push(callback);
  }

  /** Marks the end of step `n`; long steps are submitted at once, so that their event is not late. */
  async endStep(n: number): Promise<void> {
    this.#endPass();
    this.#slice.endStep(n);
    if (this.#slice.cost * this.#secondsPerCost >= stepFlushSeconds) await this.flush();
  }

  /** Submits what is encoded; waits while two slices are in flight. */
  async flush(): Promise<void> {
    this.options.signal?.throwIfAborted();
    await this.#passGate();
    this.holder.check();
    this.#endPass();
    if (this.#encoder) {
      this.#queue.submit([this.#encoder.finish()]);
      for (const callback of this.#afterSubmit.splice(0)) callback();
      this.#track(this.#slice);
      this.#encoder = undefined;
      this.#slice = new Slice();
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

  async #passGate(): Promise<void> {
    const { gate, signal } = this.options;
    if (!gate || gate.isOpen) return;
    // They are reported before the clock stands still.
    await Promise.all(this.#inFlight);
    await gate.pass(signal);
    this.#lastDone = performance.now();
  }

  get #secondsPerCost(): number {
    const known = measured.get(this.holder.device);
    if (known) return known.seconds / known.cost;
    return 1 / (this.holder.adapterInfo.isFallback ? initialSpeed.fallback : initialSpeed.hardware);
  }

  #track(slice: Slice): void {
    const submitted = performance.now();
    const done = this.#queue.onSubmittedWorkDone().then(() => {
      void this.#inFlight.shift();
      const now = performance.now();
      this.#learn(slice.cost, (now - Math.max(submitted, this.#lastDone)) / 1000);
      this.#report(slice, now - this.#lastDone);
      this.#lastDone = now;
    });
    this.#inFlight.push(done);
  }

  /** A slice may hold the end of one step and the whole of others: its time is shared out by their cost. */
  #report({ cost, ends, rest }: Slice, ms: number): void {
    const share = (part: number) => (cost > 0 ? (ms * part) / cost : 0);
    for (const end of ends) {
      this.options.onStepDone?.(end.n, this.#unfinishedMs + share(end.cost));
      this.#unfinishedMs = 0;
    }
    this.#unfinishedMs += cost > 0 ? share(rest) : ms;
  }

  /** Two slices may be reported done at once, one with all the time and one with none: sums, not ratios, are averaged. */
  #learn(cost: number, seconds: number): void {
    if (cost === 0) return;
    const known = measured.get(this.holder.device) ?? { cost: 0, seconds: 0 };
    const sums = { cost: memory * known.cost + cost, seconds: memory * known.seconds + seconds };
    // The clock's resolution bounds what a slice can say: never faster than a microsecond a slice.
    measured.set(this.holder.device, { cost: sums.cost, seconds: Math.max(sums.seconds, 1e-6) });
  }

  #beginPass(stepOffset: number): GPUComputePassEncoder {
    this.#encoder ??= this.holder.device.createCommandEncoder();
    const timestampWrites = this.options.timer?.next(this.#step);
    const pass = this.#encoder.beginComputePass(timestampWrites ? { timestampWrites } : {});
    const { stepGroup } = this.options;
    if (stepGroup) bindStep(pass, stepGroup, stepOffset);
    return pass;
  }

  #endPass(): void {
    this.#pass?.end();
    this.#pass = undefined;
  }
}

/** What one submit holds: the costs of the steps that end in it, and of the one that does not. */
class Slice {
  cost = 0;
  rest = 0;
  readonly ends: { readonly n: number; readonly cost: number }[] = [];

  add(cost: number): void {
    this.cost += cost;
    this.rest += cost;
  }

  endStep(n: number): void {
    this.ends.push({ n, cost: this.rest });
    this.rest = 0;
  }
}
