import { median } from '@webdit/core';
import { Allocator } from '../allocator.ts';
import type { DeviceHolder } from '../device.ts';
import { type Clock, type Pace, Stopwatch, type Timed, warmUp } from '../stopwatch.ts';
import { inTurn } from '../turns.ts';

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
  /** Cases this many times slower than the fastest after five rounds are sampled no further. */
  readonly hopeless?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called after every warm-up and every sample. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** Rounds after which a case may be out of the race: one slow spell of the machine spoils two of them at most. */
const heats = 5;

/**
 * Times programs in turns: every round runs each once, so that a slow spell of the machine hits all alike; another one is
 * first each time, and every second round goes backwards, so that none always follows the same one. Each has run before,
 * unmeasured, to find how often to repeat it.
 * @throws WebDiTError for refused commands and a lost device; the signal's reason on abort.
 */
export async function measureInterleaved(
  holder: DeviceHolder,
  cases: readonly BenchCase[],
  { rounds, minMs, hopeless = Number.POSITIVE_INFINITY, signal, onProgress }: BenchOptions,
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
    let racing = entries;
    for (let round = 0; round < rounds; round++) {
      for (const { bench, pace, samples } of inTurn(racing, round)) {
        samples.push(await stopwatch.time(bench, pace));
        advance();
      }
      if (round !== heats - 1) continue;
      const fastest = Math.min(...entries.map(({ samples }) => median(samples)));
      racing = entries.filter(({ samples }) => median(samples) <= hopeless * fastest);
      done += (entries.length - racing.length) * (rounds - heats);
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
