import { Mt19937 } from './rng/mt19937.ts';

/** The middle value, or the mean of the two middle ones. NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  const upper = sorted[half] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[half - 1] ?? Number.NaN)) / 2;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * 95 % interval of the mean by the percentile bootstrap: 10,000 means of as many values drawn with replacement, the same ones every
 * time. Unlike the t interval it does not take skewed values for symmetric. Efron and Tibshirani, "An Introduction to the
 * Bootstrap", chapter 13.
 */
export function bootstrapMean95(values: readonly number[]): { readonly low: number; readonly high: number } {
  const random = new Mt19937(0);
  const means = Float64Array.from({ length: 10_000 }, () => {
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += values[random.next() % values.length] as number;
    return sum / values.length;
  }).sort();
  return { low: means[249] as number, high: means[9750] as number };
}
