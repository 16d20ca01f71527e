import type { ElementState, LoadTotals } from '../state.ts';

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

/** What the element is called. */
export function nameText(label: string | number | null): string {
  return label === null || label === '' ? 'Picture painter' : `Picture painter: ${label}`;
}

/** What the picture shows, for who cannot see it. */
export function pictureText({ painted }: ElementState, label: string | number | null): string {
  if (painted) return `Painted ${painted.label}, seed ${painted.seed}`;
  return label === null || label === '' ? 'Nothing painted yet' : `${label}, not painted yet`;
}

/** One line: how far the load or the run is, and afterwards what it took. */
export function statusText(state: ElementState): string {
  switch (state.name) {
    case 'loading':
      return loadText(state.totals);
    case 'generating':
      if (state.waiting) return 'Waiting for its turn…';
      return state.steps === null ? 'First step…' : `Step ${state.kinds.length} of ${state.steps}`;
    case 'done': {
      if (!state.painted) return '';
      const { seed, report } = state.painted;
      return `Seed ${seed}, ${seconds(report.totals.ms + report.totals.decodeMs)}`;
    }
    default:
      return '';
  }
}

/** How much of the load, run or picture is done, 0 to 1. */
export function shareDone(state: ElementState): number {
  switch (state.name) {
    case 'loading':
      return (state.totals?.progress ?? 0) / 100;
    case 'generating':
      return state.steps === null ? 0 : state.kinds.length / state.steps;
    case 'done':
      return 1;
    default:
      return 0;
  }
}

/** For screen readers: the turns of events only, not every step. */
export function announcement(state: ElementState): string {
  switch (state.name) {
    case 'loading':
      return 'Loading the model.';
    case 'generating':
      return state.waiting ? 'Waiting for its turn.' : 'Painting.';
    case 'done':
      return state.painted ? `${pictureText(state, null)}.` : '';
    default:
      return '';
  }
}

function loadText(totals: LoadTotals | null): string {
  if (!totals) return 'Opening the model…';
  const { loaded, total, pipelines } = totals;
  if (pipelines.total > 0 && loaded >= total) return `Preparing kernels: ${pipelines.done} of ${pipelines.total}`;
  return `Loading: ${megabytes(loaded)} of ${megabytes(total)} MB`;
}
