import { type CacheSpec, median, WebDiTError } from '@webdit/core';
import { compareReports } from '../report.ts';
import type { StepEvent } from '../types.ts';
import type { Measurement } from './comparison.ts';
import { rowId } from './comparison.ts';
import { type LabResult, measure } from './measure.ts';
import type { LabPair, LabPipe } from './pipe.ts';

/** One seed and label drawn uncached and by a policy. */
export interface DuelResult {
  readonly uncached: LabResult;
  readonly cached: LabResult;
  /** Milliseconds of both loops, by round. */
  readonly rounds: readonly { readonly uncachedMs: number; readonly cachedMs: number }[];
  /** Median uncached loop over the median cached one. */
  readonly latencyRatio: number;
  /** Executed FLOPs of the uncached run over the cached one's. */
  readonly flopRatio: number;
  /** The cached picture against the uncached one, as in `Measurement`. */
  readonly psnr: Measurement['psnr'];
  readonly ssim: Measurement['ssim'];
  readonly latentError: number;
}

/** A duel under way. */
export interface DuelProgress {
  /** Runs finished, the unmeasured ones included. */
  readonly done: number;
  readonly total: number;
  /** What is drawn now. */
  readonly drawing: 'uncached' | 'cached';
  /** The step that has just ended, null at the start of a run. */
  readonly step: StepEvent | null;
  /** After every whole round: what is known so far. */
  readonly result: DuelResult | null;
}

export interface DuelOptions extends LabPair {
  readonly cache: CacheSpec;
  /** Default the model folder's. */
  readonly steps?: number | undefined;
  readonly guidanceScale?: number | undefined;
  /** Measured pictures of each side, at least 1. Default 3. */
  readonly rounds?: number | undefined;
  /** Called after each step and each picture. */
  readonly onProgress?: ((progress: DuelProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Draws one picture with and without a cache policy in turns, the other one first in every second round, so that a machine that
 * slows down slows both. Each side runs once before, unmeasured: the cached one whole, the uncached one for two steps.
 * @throws WebDiTError `bad-argument` for bad rounds, whatever `generate` throws, or `signal.reason`.
 */
export async function duel(pipe: LabPipe, options: DuelOptions): Promise<DuelResult> {
  const { rounds = 3 } = options;
  if (!Number.isInteger(rounds) || rounds < 1) {
    throw new WebDiTError('bad-argument', `rounds is ${rounds}.`, 'Use a whole number from 1.');
  }
  const match = new Duel(pipe, options, rounds);
  await match.warmUp();
  for (let round = 0; round < rounds; round++) await match.round(round);
  return match.result as DuelResult;
}

class Duel {
  result: DuelResult | null = null;
  private done = 0;
  private readonly steps: number;
  private readonly rounds: DuelResult['rounds'][number][] = [];

  constructor(
    private readonly pipe: LabPipe,
    private readonly options: DuelOptions,
    private readonly count: number,
  ) {
    this.steps = options.steps ?? pipe.info.model.defaults.numInferenceSteps;
  }

  async warmUp(): Promise<void> {
    await this.run('uncached', Math.min(2, this.steps));
    await this.run('cached');
  }

  async round(index: number): Promise<void> {
    const order = index % 2 === 0 ? (['uncached', 'cached'] as const) : (['cached', 'uncached'] as const);
    const results = new Map<string, LabResult>();
    for (const side of order) results.set(side, await this.run(side));
    const uncached = results.get('uncached') as LabResult;
    const cached = results.get('cached') as LabResult;
    this.rounds.push({ uncachedMs: uncached.report.totals.ms, cachedMs: cached.report.totals.ms });
    const { psnr, ssim, latentError } = measure(rowId(this.options.cache), this.options, cached, uncached);
    this.result = {
      uncached,
      cached,
      rounds: [...this.rounds],
      latencyRatio: median(this.rounds.map((r) => r.uncachedMs)) / median(this.rounds.map((r) => r.cachedMs)),
      flopRatio: compareReports(uncached.report, cached.report).flopRatio,
      psnr,
      ssim,
      latentError,
    };
    this.tell('cached', null);
  }

  private async run(side: 'uncached' | 'cached', steps = this.steps): Promise<LabResult> {
    const { seed, label, cache, guidanceScale, signal } = this.options;
    this.tell(side, null);
    const result = await this.pipe.generate(
      { label },
      {
        seed,
        numInferenceSteps: steps,
        cache: side === 'cached' ? cache : 'none',
        outputType: this.pipe.info.model.imageSize === null ? 'latent' : 'imageData',
        onStep: (step) => this.tell(side, step),
        ...(guidanceScale === undefined ? {} : { guidanceScale }),
        ...(signal ? { signal } : {}),
      },
    );
    this.done++;
    return result;
  }

  private tell(drawing: DuelProgress['drawing'], step: StepEvent | null): void {
    this.options.onProgress?.({ done: this.done, total: 2 * this.count + 2, drawing, step, result: this.result });
  }
}
