import type { DuelProgress } from 'webdit';
import { progressBar } from '../../ui/progress-bar.ts';

/** How far two pictures are that are drawn in turns. */
export function duelBar(label: string, { done, total, drawing, step }: DuelProgress, rounds: number) {
  const turn = done < 2 ? 'Warming up' : `Round ${Math.floor((done - 2) / 2) + 1} of ${rounds}`;
  const part = step ? (step.n + 1) / step.steps : 0;
  return progressBar(label, `${turn}: ${drawing}`, (100 * (done + part)) / total);
}
