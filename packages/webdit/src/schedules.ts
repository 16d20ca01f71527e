import { type CacheSpec, mayTakeSchedule, parseSchedule, parseTolerantJson, type Schedule } from '@webdit/core';
import type { ModelFolder } from '@webdit/weights';

/** A folder's cache schedules: read when a run first needs them, and kept once they could be read. */
export class FolderSchedules {
  private known: readonly Schedule[] | null = null;

  constructor(private readonly folder: Pick<ModelFolder, 'schedules' | 'read'>) {}

  /**
   * The schedules a run with this cache setting may choose from; one that cannot take any reads none.
   * @param cache null for a policy that only the page knows.
   * @throws WebDiTError `not-found`, `network`, `format`, naming the file; or `signal.reason`.
   */
  async for(cache: CacheSpec | null, signal: AbortSignal): Promise<readonly Schedule[]> {
    return cache !== null && !mayTakeSchedule(cache) ? [] : this.all(signal);
  }

  /** Every schedule of the folder, in its order. @throws like `for`. */
  async all(signal: AbortSignal | undefined): Promise<readonly Schedule[]> {
    this.known ??= await Promise.all(this.folder.schedules.map((path) => this.read(path, signal)));
    return this.known;
  }

  private async read(path: string, signal: AbortSignal | undefined): Promise<Schedule> {
    const text = new TextDecoder().decode(await this.folder.read(path, { signal }));
    return parseSchedule(parseTolerantJson(text, path), path);
  }
}
