import { registerPolicy } from '../../packages/element/dist/standalone/web-dit.js';

// Full steps at both ends of a run and every third in between; all others reuse what the last full one has computed.
registerPolicy({
  name: 'bookends',
  plan({ steps }) {
    const isFull = (n) => n < 5 || n >= steps - 5 || n % 3 === 0;
    return {
      // For reports; should reproduce the run.
      name: 'bookends',
      // No schedule was made up for want of one, and no step selects tokens.
      derived: false,
      selection: null,
      steps: Array.from({ length: steps }, (_, n) =>
        isFull(n) ? { kind: 'full', storesCache: true } : { kind: 'reuse' },
      ),
    };
  },
});
