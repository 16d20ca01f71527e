import type { Subject } from '../settings.ts';
import type { ElementState, LoadTotals, Painted } from '../state.ts';

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

/** A class or words, whichever says what to paint. */
type Named = Pick<Subject, 'label' | 'prompt'>;

/** What to paint, in words; empty while nobody has said. */
export function subjectText({ label, prompt }: Named): string {
  return String(prompt ?? label ?? '');
}

/** What the element is called. */
export function nameText(subject: Named): string {
  const text = subjectText(subject);
  return text === '' ? 'Picture painter' : `Picture painter: ${text}`;
}

/** What the picture shows, for who cannot see it. */
export function pictureText({ painted }: ElementState, subject: Named): string {
  if (painted) return paintedText(painted);
  const text = subjectText(subject);
  return text === '' ? 'Nothing painted yet' : `${text}, not painted yet`;
}

/** One line: how far the load or the run is, and afterwards what it took. */
export function statusText(state: ElementState): string {
  switch (state.name) {
    case 'loading':
      return loadText(state.totals);
    case 'generating':
      if (state.waiting) return 'Waiting for its turn…';
      if (state.totals && isOnItsWay(state.totals)) return loadText(state.totals);
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
      if (state.totals && isOnItsWay(state.totals)) return state.totals.progress / 100;
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
      return state.painted ? `${paintedText(state.painted)}.` : '';
    default:
      return '';
  }
}

function paintedText(painted: Painted): string {
  return `Painted ${subjectText(painted) || 'an empty prompt'}, seed ${painted.seed}`;
}

/** Whether files are still missing. */
function isOnItsWay({ loaded, total }: LoadTotals): boolean {
  return loaded < total;
}

function loadText(totals: LoadTotals | null): string {
  if (!totals) return 'Opening the model…';
  const { loaded, total, pipelines } = totals;
  if (pipelines.total > 0 && !isOnItsWay(totals)) return `Preparing kernels: ${pipelines.done} of ${pipelines.total}`;
  return `Loading: ${megabytes(loaded)} of ${megabytes(total)} MB`;
}
