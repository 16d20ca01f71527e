import type { Phase } from '../session.ts';

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);

/** A load, in one line and as percent. */
export function loadProgress(progress: Extract<Phase, { name: 'loading' }>['progress']): {
  readonly text: string;
  readonly percent: number;
} {
  if (!progress) return { text: 'Opening the engine…', percent: 0 };
  const { loaded, total, pipelines, progress: percent } = progress;
  const text =
    pipelines.total > 0 && loaded >= total
      ? `Preparing kernels: ${pipelines.done} of ${pipelines.total}`
      : `Loading the model: ${megabytes(loaded)} of ${megabytes(total)} MB`;
  return { text, percent };
}
