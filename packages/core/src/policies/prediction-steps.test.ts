import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SamplerStep } from '../plan.ts';
import { chooseSampler, ditSampler, samplerSteps } from '../samplers/sampler.ts';
import { interpolationWeights } from './forecast-steps.ts';
import { type PredictionForecast, predictionSteps } from './prediction-steps.ts';

const steps = 20;
const moves = samplerSteps(ditSampler, steps);
const patterns = fc
  .array(fc.boolean(), { minLength: steps - 1, maxLength: steps - 1 })
  .map((full) => `1${full.map((full) => (full ? '1' : '0')).join('')}`);
const orders = fc.integer({ min: 0, max: 3 });

/** Latents before every step and after the last, of a scalar model whose prediction depends on the step alone. */
function run(pattern: string, forecast: PredictionForecast, model: (n: number) => number): number[] {
  const known: number[] = [];
  const latents = [1];
  for (const [n, { kind, predictions }] of predictionSteps(pattern, forecast, moves).entries()) {
    if (kind === 'full') known.unshift(model(n));
    const prediction = predictions
      ? predictions.reduce((sum, weight, back) => sum + weight * (known[back] as number), 0)
      : (known[0] as number);
    latents.push(update(latents.at(-1) as number, prediction, moves[n] as SamplerStep));
  }
  return latents;
}

const update = (x: number, prediction: number, step: SamplerStep) => step.sample * x + step.prediction * prediction;
const polynomial = (coefficients: readonly number[]) => (n: number) =>
  coefficients.reduce((sum, c, power) => sum + c * (n / steps) ** power, 0);
const scale = (values: readonly number[]) => Math.max(1, ...values.map(Math.abs));

describe('predictionSteps', () => {
  it('runs the model at full steps alone, and forecasts by the polynomial through the latest of them', () => {
    expect(predictionSteps('110100', { order: 1, correction: 0 }, samplerSteps(ditSampler, 6))).toEqual([
      { kind: 'full' },
      { kind: 'full' },
      { kind: 'forecast', predictions: interpolationWeights([1, 0], 2) },
      { kind: 'full' },
      { kind: 'forecast', predictions: interpolationWeights([3, 1], 4) },
      { kind: 'forecast', predictions: interpolationWeights([3, 1], 5) },
    ]);
  });

  it('is exact for predictions of the degree of its order, on any spacing', () => {
    const weights = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(patterns, orders, weights, fc.constantFrom(0, 0.5, 1), (pattern, order, weights, correction) => {
        const started = '1'.repeat(order + 1) + pattern.slice(order + 1);
        const model = polynomial(weights.slice(0, order + 1));
        const exact = run('1'.repeat(steps), { order, correction: 0 }, model);
        const found = run(started, { order, correction }, model);
        expect(Math.abs((found.at(-1) as number) - (exact.at(-1) as number)) / scale(exact)).toBeLessThan(1e-9);
      }),
    );
  });

  it('takes the steps before a full one anew, with what its prediction says of their forecasts', () => {
    fc.assert(
      fc.property(patterns, orders, fc.double({ min: 0, max: 1, noNaN: true }), (pattern, order, correction) => {
        const model = (n: number) => Math.sin(0.4 * n) + 0.01 * n * n;
        const latents = [1];
        const nodes: number[] = [];
        for (let n = 0; n < steps; n++) {
          const read = nodes.slice(0, order + 1);
          const at = (n: number) =>
            interpolationWeights(read, n).reduce((sum, w, i) => sum + w * model(read[i] as number), 0);
          const distance = (n: number) => read.reduce((product, node) => product * (n - node), 1);
          let x = latents.at(-1) as number;
          if (pattern[n] === '1') {
            if (read[0] !== undefined && n - read[0] > 1) {
              const first = read[0] + 1;
              x = latents[first] as number;
              for (let j = first; j < n; j++) {
                const missed = ((model(n) - at(n)) * distance(j)) / distance(n);
                x = update(x, at(j) + correction * missed, moves[j] as SamplerStep);
              }
            }
            nodes.unshift(n);
          }
          latents.push(update(x, pattern[n] === '1' ? model(n) : at(n), moves[n] as SamplerStep));
        }
        const found = run(pattern, { order, correction }, model);
        expect(Math.abs((found.at(-1) as number) - (latents.at(-1) as number)) / scale(latents)).toBeLessThan(1e-9);
      }),
    );
  });

  it('is exact one degree higher when all of the error is taken back, at the end of each gap', () => {
    fc.assert(
      fc.property(patterns, fc.integer({ min: 0, max: 2 }), (pattern, order) => {
        const started = `${'1'.repeat(order + 1)}${pattern.slice(order + 1, -1)}1`;
        const model = polynomial([0.3, -1, 0.7, 2].slice(0, order + 2));
        const exact = run('1'.repeat(steps), { order, correction: 0 }, model);
        const found = run(started, { order, correction: 1 }, model);
        expect(Math.abs((found.at(-1) as number) - (exact.at(-1) as number)) / scale(exact)).toBeLessThan(1e-9);
      }),
    );
  });

  it.each(['epsilon', 'v_prediction'] as const)(
    'leaves a last step that does not move uncorrected: %s',
    (predictionType) => {
      const leading = { ...ditSampler, spacing: 'leading', finalAlphaOne: false, predictionType } as const;
      const moves = samplerSteps(leading, 8);
      expect(moves.at(-1)).toMatchObject({ sample: 1, prediction: 0 });
      const found = predictionSteps('11001001', { order: 1, correction: 1 }, moves);
      expect(found.at(-1)).toEqual({ kind: 'full' });
      expect(found[4]?.predictions?.every(Number.isFinite)).toBe(true);
    },
  );

  it('leaves samplers that look back themselves uncorrected', () => {
    const dpmpp = samplerSteps(chooseSampler('dpmpp', ditSampler), 8);
    const found = predictionSteps('11001001', { order: 1, correction: 1 }, dpmpp);
    expect(found.filter(({ kind, predictions }) => kind === 'full' && predictions)).toEqual([]);
  });
});
