import { refuseUnknownKeys } from '../schedule/fields.ts';
import type { CachePolicy } from './policy.ts';

/** No caching: every step is full and stores nothing. The baseline of every comparison. */
export const none: CachePolicy = {
  name: 'none',
  ignoresSchedules: true,
  plan(run, config) {
    refuseUnknownKeys(config, [], { what: 'The cache policy "none"', code: 'bad-argument' });
    return {
      name: 'none',
      derived: false,
      selection: null,
      steps: Array.from({ length: run.steps }, () => ({ kind: 'full' as const })),
    };
  },
};
