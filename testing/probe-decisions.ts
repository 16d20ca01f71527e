import type { RunPlan } from '../packages/core/src/index.ts';

/** What the policies with probes decide on emoji-dit, in Node and in the browser, on every adapter: F computed, - skipped. */
export const probeDecisions = [
  { cache: 'teacache:t0.2_d4', steps: 50, decided: 'F------------------------F-----F-F-F--F-F-F-F-F-FF' },
  { cache: 'teacache:t0.3', steps: 8, decided: 'F---F-FF' },
  { cache: 'dbcache:F1_B0_t0.45_w2', steps: 8, decided: 'FF-F-F-F' },
] as const;

/** The picture they decide on: seed, class id, guidance. */
export const decidedPicture = { seed: 7, label: 0, guidanceScale: 3 } as const;

/** A letter for each step: F computed, - skipped. */
export function decisionsOf(steps: readonly { readonly kind: RunPlan['steps'][number]['kind'] }[]): string {
  return steps.map(({ kind }) => (kind === 'skip' ? '-' : 'F')).join('');
}
