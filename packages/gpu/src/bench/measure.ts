import { median } from '@webdit/core';
import { Allocator } from '../allocator.ts';
import type { DeviceHolder } from '../device.ts';
import { type Clock, type Pace, Stopwatch, type Timed, warmUp } from '../stopwatch.ts';

export type { Clock as BenchClock } from '../stopwatch.ts';

/** A program to be timed. Its pipelines are compiled. */
export interface BenchCase extends Timed {
  readonly name: string;
  /** FLOPs of one execution. */
  readonly flops: number;
  /** Bytes one execution must move, each counted once. */
  readonly bytes?: number;
}

export interface BenchResult {
  readonly name: string;
  readonly clock: Clock;
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
  const stopwatch = await Stopwatch.create(new Allocator(holder), signal);
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

function summarize(bench: BenchCase, clock: Clock, repeats: number, samples: readonly number[]): BenchResult {
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
