import type { StackRange, StepCompute } from '../plan.ts';
import { choosingLayers, outputsRead, recomputes } from './live-caches.ts';

/**
 * The same steps, in which each one keeps what later ones read, and nothing else: full steps store their branch outputs and the
 * token scores of the layers in which a selective step chooses tokens before the next full one; the latest computed step before
 * a skip keeps what stands for the skipped blocks. A selective step without anything to compute becomes a reuse step.
 *
 * @param tokens per row: a layer that recomputes them all chooses none.
 */
export function keepWhatIsRead(steps: readonly StepCompute[], tokens: number): StepCompute[] {
  const read = outputsRead(steps);
  let scored = new Set<number>();
  let stack: StackRange | undefined;
  /** Takes what a computed step has to keep. */
  const takeStack = () => {
    const kept = stack ? { stack } : {};
    stack = undefined;
    return kept;
  };
  // backwards, because what a step keeps depends on what follows
  return steps
    .map((step, n) => ({ step, n }))
    .reverse()
    .map(({ step, n }): StepCompute => {
      if (step.kind === 'full') {
        const scoreLayers = [...scored].sort((a, b) => a - b);
        scored = new Set();
        return {
          ...step,
          ...(read[n] ? { storesCache: true } : {}),
          ...(scoreLayers.length > 0 ? { scoreLayers } : {}),
          ...takeStack(),
        };
      }
      if (step.kind === 'skip') stack = step.stack;
      if (step.kind === 'reuse') return { ...step, ...takeStack() };
      if (step.kind !== 'selective') return step;
      for (const layer of choosingLayers(step, tokens)) scored.add(layer);
      return { ...step, ...(recomputes(step) ? {} : { kind: 'reuse' }), ...takeStack() };
    })
    .reverse();
}
