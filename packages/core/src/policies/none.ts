import type { CachePolicy } from './policy.ts';

/** No caching: every step is full and stores nothing. The baseline of every comparison. */
export const none: CachePolicy = {
  name: 'none',
  plan: (run) => ({
    name: 'none',
    derived: false,
    selection: null,
    steps: Array.from({ length: run.steps }, () => ({ kind: 'full' as const })),
  }),
};
