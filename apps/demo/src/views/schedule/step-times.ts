import type { PatternLimits, RunReport } from 'webdit';

/** Reports of this many latest runs count. */
const memory = 8;

/** What a step of each kind takes on this device, as far as runs have told. */
export class StepTimes {
  private readonly reports: RunReport[] = [];

  note(report: RunReport): void {
    if (this.reports.includes(report)) return;
    this.reports.push(report);
    if (this.reports.length > memory) this.reports.shift();
  }

  /** Mean milliseconds, or null before a run had one. */
  of(kind: 'full' | 'reuse'): number | null {
    const totals = this.reports.flatMap(({ totals }) => totals.byKind[kind] ?? []);
    const count = totals.reduce((sum, total) => sum + total.count, 0);
    return count === 0 ? null : totals.reduce((sum, total) => sum + total.ms, 0) / count;
  }

  /**
   * Milliseconds of the runs a search still has to do; null until full steps have been timed. Until reused ones have, they are
   * taken to cost what full ones do, which is too much.
   */
  search(size: SearchLeft): number | null {
    const full = this.of('full');
    if (full === null) return null;
    const { steps, budget, left, pictures } = size;
    const reuse = this.of('reuse') ?? full;
    return pictures * (steps * full + left * (budget * full + (steps - budget) * reuse));
  }
}

export interface SearchLeft extends Pick<PatternLimits, 'budget'> {
  readonly steps: number;
  readonly pictures: number;
  /** Patterns that have no score yet, the winner's second run included. */
  readonly left: number;
}

/** As people say it. */
export function duration(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 1) return 'under a second';
  if (seconds < 90) return `about ${Math.round(seconds)} s`;
  if (seconds < 90 * 60) return `about ${Math.round(seconds / 60)} min`;
  return `about ${(seconds / 3600).toFixed(1)} h`;
}
