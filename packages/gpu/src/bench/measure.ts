import { median } from '@webdit/core';
import { Allocator, BufferScope } from '../allocator.ts';
import type { DeviceHolder } from '../device.ts';
import { bindStep, type Dispatch, encodeDispatch } from '../program.ts';
import { PassTimer } from '../timer.ts';

/** A program to be timed. Its pipelines are compiled. */
export interface BenchCase {
  readonly name: string;
  readonly program: readonly Dispatch[];
  /** FLOPs of one execution. */
  readonly flops: number;
  /** Bytes one execution must move, each counted once. */
  readonly bytes?: number;
  /** For kernels that read the step uniform; its first slot is used. */
  readonly stepGroup?: GPUBindGroup;
}

/** What times a sample: GPU timestamps around its passes, or the wall clock from submit to done. */
export type BenchClock = 'gpu' | 'wall';

export interface BenchResult {
  readonly name: string;
  readonly clock: BenchClock;
  /** One execution: the median over the rounds. */
  readonly seconds: number;
  /** The fastest round. */
  readonly best: number;
  /** Seconds of one execution, by round. */
  readonly samples: readonly number[];
  /** Executions in one sample. */
  readonly repeats: number;
  readonly flopsPerSecond: number;
  readonly bytesPerSecond?: number;
}

export interface BenchOptions {
  readonly rounds: number;
  /** Least milliseconds of a sample: the program is repeated until it lasts as long. */
  readonly minMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Called after every warm-up and every sample. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** Seconds one submit is planned to take: half the 0.3 s it may, since the estimate comes from one run. */
const submitSeconds = 0.15;
/** So that very short programs do not make command buffers of millions of commands. */
const maxRepeats = 4096;

/**
 * Times programs in turns: every round runs each once, another one first, so that a slow spell of the machine hits all
 * alike. Each has run before, unmeasured, to find how often to repeat it.
 * @throws WebDiTError for refused commands and a lost device; the signal's reason on abort.
 */
export async function measureInterleaved(
  holder: DeviceHolder,
  cases: readonly BenchCase[],
  { rounds, minMs, signal, onProgress }: BenchOptions,
): Promise<BenchResult[]> {
  const stopwatch = await Stopwatch.create(holder, signal);
  const total = cases.length * (rounds + 1);
  let done = 0;
  const advance = () => onProgress?.(++done, total);
  try {
    const entries: { readonly bench: BenchCase; readonly pace: Pace; readonly samples: number[] }[] = [];
    for (const bench of cases) {
      entries.push({ bench, pace: await warmUp(stopwatch, bench, minMs / 1000), samples: [] });
      advance();
    }
    for (let round = 0; round < rounds; round++) {
      for (let i = 0; i < entries.length; i++) {
        const { bench, pace, samples } = entries[(i + round) % entries.length] as (typeof entries)[number];
        samples.push(await stopwatch.time(bench, pace));
        advance();
      }
    }
    return entries.map(({ bench, pace, samples }) => summarize(bench, stopwatch.clock, pace.repeats, samples));
  } finally {
    stopwatch.destroy();
  }
}

/** How a sample of a program is run. */
interface Pace {
  readonly repeats: number;
  /** Seconds one execution is expected to take; undefined before the first. */
  readonly expected?: number;
}

/** Repeats more and more until a sample lasts long enough; the first execution, which may pay for uploads, says nothing. */
async function warmUp(stopwatch: Stopwatch, bench: BenchCase, minSeconds: number): Promise<Pace> {
  let pace: Pace = { repeats: 1, expected: await stopwatch.time(bench, { repeats: 1 }) };
  for (;;) {
    const { repeats } = pace;
    const expected = await stopwatch.time(bench, pace);
    pace = { repeats, expected };
    const lasted = expected * repeats;
    if (lasted >= minSeconds || repeats >= maxRepeats) return pace;
    const wanted = Math.ceil((repeats * minSeconds * 1.1) / Math.max(lasted, minSeconds / 16));
    pace = { repeats: Math.min(maxRepeats, wanted), expected };
  }
}

function summarize(bench: BenchCase, clock: BenchClock, repeats: number, samples: readonly number[]): BenchResult {
  const seconds = median(samples);
  return {
    name: bench.name,
    clock,
    seconds,
    best: Math.min(...samples),
    samples,
    repeats,
    flopsPerSecond: bench.flops / seconds,
    ...(bench.bytes === undefined ? {} : { bytesPerSecond: bench.bytes / seconds }),
  };
}

/** Runs repeated programs in short submits, two in flight, and says how long one execution took. */
class Stopwatch {
  readonly #timer: PassTimer | undefined;

  private constructor(
    readonly holder: DeviceHolder,
    readonly allocator: Allocator,
    readonly signal: AbortSignal | undefined,
  ) {
    this.#timer = PassTimer.create(holder, new BufferScope(allocator));
  }

  static async create(holder: DeviceHolder, signal: AbortSignal | undefined): Promise<Stopwatch> {
    const allocator = new Allocator(holder);
    const stopwatch = new Stopwatch(holder, allocator, signal);
    try {
      await allocator.settle();
      return stopwatch;
    } catch (error) {
      stopwatch.destroy();
      throw error;
    }
  }

  get clock(): BenchClock {
    return this.#timer ? 'gpu' : 'wall';
  }

  /** Seconds of one execution, over `repeats` of them. */
  async time(bench: BenchCase, pace: Pace): Promise<number> {
    const { queue } = this.holder.device;
    this.#timer?.reset();
    await queue.onSubmittedWorkDone();
    const start = performance.now();
    const inFlight: Promise<undefined>[] = [];
    for (const dispatches of submits(bench.program, pace)) {
      if (inFlight.length >= 2) await inFlight.shift();
      this.signal?.throwIfAborted();
      this.holder.check();
      queue.submit([this.#encode(dispatches, bench.stepGroup)]);
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
    this.allocator.destroyAll();
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
