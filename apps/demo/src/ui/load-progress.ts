import type { Phase } from '../session.ts';
import { megabytes } from './bytes.ts';

/** Of a session's phases, the one that loads. */
export type LoadPhase = Extract<Phase, { name: 'loading' }>;

/** A load, in one line and as percent. */
export function loadProgress(progress: LoadPhase['progress']): {
  readonly text: string;
  readonly percent: number;
} {
  if (!progress) return { text: 'Opening the engine…', percent: 0 };
  const { loaded, total, pipelines, progress: percent } = progress;
  const text =
    pipelines.total > 0 && loaded >= total
      ? `Preparing kernels: ${pipelines.done} of ${pipelines.total}`
      : `Loading the model: ${(loaded / 1e6).toFixed(1)} of ${megabytes(total)}`;
  return { text, percent };
}
