import { type EmojiClass, loadClasses } from './classes.ts';
import { type FolderSchedule, loadSchedules } from './schedules.ts';
import type { Failure } from './session.ts';

/** What the model folder offers to choose from. */
export interface Catalogue {
  readonly classes: readonly EmojiClass[];
  readonly schedules: readonly FolderSchedule[];
  /** Set when the list of classes could not be loaded. */
  readonly failure: Failure | null;
}

export const emptyCatalogue: Catalogue = { classes: [], schedules: [], failure: null };

export async function loadCatalogue(modelUrl: URL): Promise<Catalogue> {
  const schedules = loadSchedules(modelUrl);
  try {
    return { classes: await loadClasses(modelUrl), schedules: await schedules, failure: null };
  } catch (cause) {
    const message = `The list of emoji could not be loaded. ${cause instanceof Error ? cause.message : ''}`;
    const failure = { code: 'network', message, remedy: 'Check the connection and reload the page.' };
    return { classes: [], schedules: await schedules, failure };
  }
}
