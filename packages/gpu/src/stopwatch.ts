import { type Allocator, BufferScope } from './allocator.ts';
import type { DeviceHolder } from './device.ts';
import { bindStep, type Dispatch, encodeDispatch } from './program.ts';
import { PassTimer } from './timer.ts';

/** What is timed. Its pipelines are compiled. */
export interface Timed {
  readonly program: readonly Dispatch[];
  /** For kernels that read the step uniform; its first slot is used. */
  readonly stepGroup?: GPUBindGroup;
}

/** What times a sample: GPU timestamps around its passes, or the wall clock from submit to done. */
export type Clock = 'gpu' | 'wall';

/** Seconds one submit is planned to take: half the 0.3 s it may, since the estimate comes from one run. */
const submitSeconds = 0.15;
/** So that very short programs do not make command buffers of millions of commands. */
const maxRepeats = 4096;

/** How a sample of a program is run. */
export interface Pace {
  readonly repeats: number;
  /** Seconds one execution is expected to take; undefined before the first. */
  readonly expected?: number;
}

/** Repeats more and more until a sample lasts long enough; the first execution, which may pay for uploads, says nothing. */
export async function warmUp(stopwatch: Stopwatch, timed: Timed, minSeconds: number): Promise<Pace> {
  let pace: Pace = { repeats: 1, expected: await stopwatch.time(timed, { repeats: 1 }) };
  for (;;) {
    const { repeats } = pace;
    const expected = await stopwatch.time(timed, pace);
    pace = { repeats, expected };
    const lasted = expected * repeats;
    if (lasted >= minSeconds || repeats >= maxRepeats) return pace;
    const wanted = Math.ceil((repeats * minSeconds * 1.1) / Math.max(lasted, minSeconds / 16));
    pace = { repeats: Math.min(maxRepeats, wanted), expected };
  }
}

/** Runs repeated programs in short submits, two in flight, and says how long one execution took. */
export class Stopwatch {
  readonly #timer: PassTimer | undefined;

  private constructor(
    readonly holder: DeviceHolder,
    readonly scope: BufferScope,
    readonly signal: AbortSignal | undefined,
  ) {
    this.#timer = PassTimer.create(holder, scope);
  }

  static async create(allocator: Allocator, signal: AbortSignal | undefined): Promise<Stopwatch> {
    const stopwatch = new Stopwatch(allocator.holder, new BufferScope(allocator), signal);
    try {
      await allocator.settle();
      return stopwatch;
    } catch (error) {
      stopwatch.destroy();
      throw error;
    }
  }

  get clock(): Clock {
    return this.#timer ? 'gpu' : 'wall';
  }

  /** Seconds of one execution, over `repeats` of them. @throws the signal's reason, while submits may still be under way. */
  async time(timed: Timed, pace: Pace): Promise<number> {
    const { queue } = this.holder.device;
    this.#timer?.reset();
    await queue.onSubmittedWorkDone();
    const start = performance.now();
    const inFlight: Promise<undefined>[] = [];
    for (const dispatches of submits(timed.program, pace)) {
      if (inFlight.length >= 2) await inFlight.shift();
      this.signal?.throwIfAborted();
      this.holder.check();
      queue.submit([this.#encode(dispatches, timed.stepGroup)]);
      inFlight.push(queue.onSubmittedWorkDone());
    }
    await Promise.all(inFlight);
    const wall = (performance.now() - start) / 1000;
    this.holder.check();
    const gpu = (await this.#timer?.read())?.get(0);
    return (gpu === undefined ? wall : gpu / 1000) / pace.repeats;
  }

  #encode(dispatches: readonly Dispatch[], stepGroup: GPUBindGroup | undefined): GPUCommandBuffer {
    const encoder = this.holder.device.createCommandEncoder();
    const timestampWrites = this.#timer?.next(0);
    const pass = encoder.beginComputePass(timestampWrites ? { timestampWrites } : {});
    if (stepGroup) bindStep(pass, stepGroup, 0);
    for (const dispatch of dispatches) encodeDispatch(pass, dispatch);
    pass.end();
    return encoder.finish();
  }

  destroy(): void {
    this.#timer?.destroy();
    this.scope.destroy();
  }
}

/** Cuts the repeated program into submits; one dispatch each as long as nothing is known about its time. */
function* submits(program: readonly Dispatch[], { repeats, expected }: Pace): Generator<readonly Dispatch[]> {
  const secondsPerCost = (expected ?? 0) / program.reduce((sum, { cost }) => sum + cost, 0);
  let batch: Dispatch[] = [];
  let seconds = 0;
  for (let i = 0; i < repeats; i++) {
    for (const dispatch of program) {
      const more = expected === undefined ? submitSeconds : dispatch.cost * secondsPerCost;
      if (batch.length > 0 && seconds + more > submitSeconds) {
        yield batch;
        batch = [];
        seconds = 0;
      }
      batch.push(dispatch);
      seconds += more;
    }
  }
  yield batch;
}
