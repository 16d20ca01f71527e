/** What is painted over. It is in no link and no file: those hold settings. */
export interface Over {
  readonly image: Blob;
  /** What to call it. */
  readonly name: string;
  /** Share of the steps that are run, 0 to 1. */
  readonly strength: number;
}

/** Changes a picture visibly and keeps its shapes. */
export const startStrength = 0.6;

/** How many steps a run has, given what it paints over. As many as the pipeline runs. */
export function stepsOver(steps: number, over: Pick<Over, 'strength'> | null): number {
  return over ? Math.min(Math.floor(steps * over.strength), steps) : steps;
}
