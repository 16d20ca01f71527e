import { type CacheSpec, mean, relativeError, WebDiTError } from '@webdit/core';
import type { LabResult } from './measure.ts';
import { adapterName, type LabPair, type LabPipe } from './pipe.ts';

/** What schedules are scored on. */
export interface ScoreBenchOptions {
  readonly steps: number;
  readonly pairs: readonly LabPair[];
  readonly guidanceScale?: number | undefined;
  /** Sampler that the schedule is for, as `generate` takes it; default the model's own. */
  readonly scheduler?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What a score is, for the files that hold one. */
export const scoreMetric = 'mean relative error of the final latents against the uncached run';

/** What `ScoreBench.settings` gives. */
export type ScoreSettings = Awaited<ReturnType<ScoreBench['settings']>>;

/** Where a schedule was found, for its file. */
export function foundOn({ pairs, guidanceScale, model, dtype, adapter }: ScoreSettings) {
  return { pairs, guidanceScale, model, dtype, adapter, date: new Date().toISOString().slice(0, 10) };
}

/** Runs cache policies and holds their latents against the uncached ones, which it keeps. */
export class ScoreBench {
  private samplerName = '';
  private readonly uncached = new Map<LabPair, Float32Array>();
  private readonly guidanceScale: number;

  /** @throws WebDiTError `bad-argument` without pairs. */
  constructor(
    private readonly pipe: LabPipe,
    private readonly options: ScoreBenchOptions,
  ) {
    if (options.pairs.length === 0) {
      throw new WebDiTError('bad-argument', 'There is nothing to search on.', 'Pass at least one seed and label.');
    }
    this.guidanceScale = options.guidanceScale ?? pipe.info.model.defaults.guidanceScale;
  }

  /** All that scores depend on, but for the policy. The sampler's name is what the first uncached run reports. */
  async settings() {
    const { steps, pairs } = this.options;
    await this.reference(pairs[0] as LabPair);
    const { name: model, dtype } = this.pipe.info;
    const { samplerName: sampler, guidanceScale } = this;
    return { model, dtype, adapter: adapterName(this.pipe.info), sampler, steps, guidanceScale, pairs };
  }

  /** Mean relative error of the final latents over the pairs; lower is better. */
  async score(cache: CacheSpec): Promise<number> {
    const errors: number[] = [];
    for (const pair of this.options.pairs) {
      const { latents } = await this.run(pair, cache);
      errors.push(relativeError(latents.data, await this.reference(pair)));
    }
    return mean(errors);
  }

  private async reference(pair: LabPair): Promise<Float32Array> {
    const known = this.uncached.get(pair);
    if (known) return known;
    const { data } = (await this.run(pair, 'none')).latents;
    this.uncached.set(pair, data);
    return data;
  }

  private async run(pair: LabPair, cache: CacheSpec): Promise<LabResult> {
    const { steps, scheduler, signal } = this.options;
    const result = await this.pipe.generate(
      { label: pair.label },
      {
        seed: pair.seed,
        numInferenceSteps: steps,
        guidanceScale: this.guidanceScale,
        cache,
        outputType: 'latent',
        ...(scheduler === undefined ? {} : { scheduler }),
        ...(signal ? { signal } : {}),
      },
    );
    this.samplerName = result.report.sampler;
    return result;
  }
}
