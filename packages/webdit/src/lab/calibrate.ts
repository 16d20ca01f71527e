import {
  type Calibration,
  compileRunPlan,
  type DiTConfig,
  drawNoise,
  maxLag,
  parseCalibration,
  relativeChange,
  TorchGenerator,
  WebDiTError,
} from '@webdit/core';
import type { DiTModel, InspectedStep } from '@webdit/gpu';
import type { ModelFolder } from '@webdit/weights';
import type { LabPair } from './pipe.ts';

export interface CalibrateOptions {
  readonly steps: number;
  /** Labels are class ids. */
  readonly pairs: readonly LabPair[];
  /** Default the model folder's. */
  readonly guidanceScale?: number | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Measures how much a model's inner values change from step to step, in uncached runs of the folder's sampler. Every step is read
 * back: slower than painting, and only for this.
 *
 * @throws WebDiTError `bad-argument` (no pairs, or a single step), `unknown-label`, and what a run throws; the signal's reason.
 */
export async function calibrate(
  model: Pick<DiTModel, 'run'>,
  folder: Pick<ModelFolder, 'scheduler' | 'defaults'> & { readonly config: DiTConfig },
  options: CalibrateOptions,
): Promise<Calibration> {
  const { steps, pairs, signal, onProgress } = options;
  const { config, scheduler, defaults } = folder;
  if (pairs.length === 0 || steps < 2) {
    throw new WebDiTError(
      'bad-argument',
      `There is nothing to calibrate on in ${pairs.length} pairs of ${steps} steps.`,
      'Use at least one seed and label, and two steps.',
    );
  }
  const guidanceScale = options.guidanceScale ?? defaults.guidanceScale;
  const sums = new Sums(steps);
  let sampler = '';
  for (const [done, { seed, label }] of pairs.entries()) {
    const run = { model: config, sampler: scheduler, steps, guidanceScale, label: Number(label) };
    const plan = compileRunPlan(run);
    sampler = plan.sampler;
    const storing = { ...plan, steps: plan.steps.map((step) => ({ ...step, storesCache: true })) };
    const before: InspectedStep[] = [];
    const size = config.inChannels * config.inputSize ** 2;
    const generator = new TorchGenerator(seed);
    const init = generator.randn(size);
    await model.run(storing, init, {
      signal,
      noise: drawNoise(generator, plan.steps, size),
      onInspect: (step) => {
        sums.add(step, before);
        before.unshift(step);
        before.splice(maxLag);
      },
    });
    onProgress?.(done + 1, pairs.length);
  }
  return parseCalibration(
    { format: 'webdit-calibration/1', steps, sampler, ...sums.mean(pairs.length), found: { pairs, guidanceScale } },
    'that was measured',
  );
}

type Measured = Pick<Calibration, 'branchChange' | 'residualRatio' | 'inputChange' | 'outputChange'>;

/** What the runs so far have measured, added up. */
class Sums {
  private readonly attn: number[][];
  private readonly mlp: number[][];
  private readonly residual: number[];
  private readonly input: number[];
  private readonly output: number[];

  constructor(steps: number) {
    const zeros = (count: number) => Array<number>(Math.max(0, count)).fill(0);
    const lags = () => Array.from({ length: maxLag }, (_, i) => zeros(steps - 1 - i));
    this.attn = lags();
    this.mlp = lags();
    this.residual = zeros(steps - 1);
    this.input = zeros(steps - 1);
    this.output = zeros(steps - 1);
  }

  /** @param before the steps before this one, the latest first. */
  add(step: InspectedStep, before: readonly InspectedStep[]): void {
    for (const [i, earlier] of before.entries()) {
      for (const branch of ['attn', 'mlp'] as const) {
        const outputs = step.branches[branch];
        const changes = outputs.map((output, layer) =>
          relativeChange(output, earlier.branches[branch][layer] as Float32Array),
        );
        add(this[branch][i] as number[], earlier.n, changes.reduce((sum, change) => sum + change, 0) / outputs.length);
      }
    }
    const [latest] = before;
    if (!latest) return;
    add(this.residual, latest.n, residualRatio(step, latest));
    add(this.input, latest.n, relativeChange(step.modulated, latest.modulated));
    add(this.output, latest.n, relativeChange(step.prediction, latest.prediction));
  }

  mean(runs: number): Measured {
    // five digits say more than some runs can tell
    const mean = (list: readonly number[]) => list.map((sum) => Number((sum / runs).toPrecision(5)));
    return {
      branchChange: { attn: this.attn.map(mean), mlp: this.mlp.map(mean) },
      residualRatio: mean(this.residual),
      inputChange: mean(this.input),
      outputChange: mean(this.output),
    };
  }
}

function add(list: number[], n: number, value: number): void {
  list[n] = (list[n] as number) + value;
}

/** Norm of what all blocks add to a token, over that of the step before; mean over the tokens. */
function residualRatio(step: InspectedStep, before: InspectedStep): number {
  const norms = (of: InspectedStep) => tokenNorms(of.hidden, of.entering, of.width);
  const earlier = norms(before);
  const ratios = norms(step).map((norm, token) => norm / (earlier[token] as number));
  return ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
}

function tokenNorms(after: Float32Array, before: Float32Array, width: number): number[] {
  return Array.from({ length: after.length / width }, (_, token) => {
    let squares = 0;
    for (let i = token * width; i < (token + 1) * width; i++) {
      squares += ((after[i] as number) - (before[i] as number)) ** 2;
    }
    return Math.sqrt(squares);
  });
}
