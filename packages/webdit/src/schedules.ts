import {
  type CacheSpec,
  type Calibration,
  mayTakeSchedule,
  parseCalibration,
  parseSchedule,
  parseTolerantJson,
  type Schedule,
  takesCalibration,
} from '@webdit/core';
import type { ModelFolder } from '@webdit/weights';

/** What a folder says of how to plan runs. */
export interface PlanFiles {
  readonly schedules: readonly Schedule[];
  readonly calibrations: readonly Calibration[];
}

/** A folder's cache schedules and calibrations: read when a run first needs them, and kept once they could be read. */
export class FolderSchedules {
  private readonly schedules: FolderFiles<Schedule>;
  private readonly calibrations: FolderFiles<Calibration>;

  constructor(folder: Pick<ModelFolder, 'schedules' | 'calibrations' | 'read'>) {
    this.schedules = new FolderFiles(folder.read, folder.schedules, parseSchedule);
    this.calibrations = new FolderFiles(folder.read, folder.calibrations, parseCalibration);
  }

  /**
   * What a run with this cache setting may choose from; one that cannot take any reads none.
   * @param cache null for a policy that only the page knows.
   * @throws WebDiTError `not-found`, `network`, `format`, naming the file; or `signal.reason`.
   */
  async for(cache: CacheSpec | null, signal: AbortSignal): Promise<PlanFiles> {
    return {
      schedules: cache === null || mayTakeSchedule(cache) ? await this.schedules.all(signal) : [],
      calibrations: cache === null || takesCalibration(cache) ? await this.calibrations.all(signal) : [],
    };
  }

  /** Everything, in the folder's order. @throws like `for`. */
  async all(signal: AbortSignal | undefined): Promise<PlanFiles> {
    return { schedules: await this.schedules.all(signal), calibrations: await this.calibrations.all(signal) };
  }
}

class FolderFiles<T> {
  private known: readonly T[] | null = null;

  constructor(
    private readonly read: ModelFolder['read'],
    private readonly paths: readonly string[],
    private readonly parse: (json: unknown, path: string) => T,
  ) {}

  async all(signal: AbortSignal | undefined): Promise<readonly T[]> {
    this.known ??= await Promise.all(
      this.paths.map(async (path) => {
        const text = new TextDecoder().decode(await this.read(path, { signal }));
        return this.parse(parseTolerantJson(text, path), path);
      }),
    );
    return this.known;
  }
}
