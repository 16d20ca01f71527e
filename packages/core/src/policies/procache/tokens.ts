import type { RatioSchedule } from '../../schedule/settings.ts';

/** A selective step of a run: step `n` of `steps`, layer `layer` of `depth`. */
export interface Place {
  readonly n: number;
  readonly steps: number;
  readonly layer: number;
  readonly depth: number;
}

/**
 * The share of tokens recomputed, before it is clamped: docs/procache.md 3. The authors' step counts down from
 * `steps - 1`, and their 27 is the last of 28 layers. The last factor is their weight of the MLP against attention.
 */
function ratio(schedule: RatioSchedule, base: number, { n, steps, layer, depth }: Place): number {
  const time = (steps - 1 - n) / steps;
  const deep = layer / Math.max(1, depth - 1);
  switch (schedule) {
    case 'constant':
      return base;
    case 'toca-ddim50':
      return base * (3 - 4 * time) * (0.8 + 0.4 * deep) * 2.5;
    case 'toca-ddpm250':
      return base * (1.4 - 0.8 * time) * (1.8 - 1.6 * deep) * 2.5;
  }
}

/** Tokens that a layer recomputes at a selective step, 0 to `tokens`. */
export function tokensToRecompute(schedule: RatioSchedule, base: number, tokens: number, place: Place): number {
  return Math.floor(Math.min(1, Math.max(0, ratio(schedule, base, place))) * tokens);
}
