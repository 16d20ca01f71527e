import type { Schedule } from 'webdit';

/** A cache schedule of the model folder, as far as the page offers it. */
export interface FolderSchedule {
  readonly policy: string;
  readonly steps: number;
  /** Full steps. */
  readonly budget: number;
}

/** What the model folder has for cache policies. */
export interface CacheFiles {
  readonly schedules: readonly FolderSchedule[];
  /** Numbers of steps that there is a calibration for. */
  readonly calibrations: readonly number[];
}

/** The files that the model folder lists; none of those that cannot be read, which a run that needs one then explains. */
export async function loadCacheFiles(modelUrl: URL): Promise<CacheFiles> {
  const index = fetchJson(new URL('model_index.json', modelUrl));
  const all = async <File>(key: keyof CacheFiles): Promise<File[]> => {
    try {
      const paths = ((await index) as { readonly [key in keyof CacheFiles]?: readonly string[] })[key] ?? [];
      return (await Promise.all(paths.map((path) => fetchJson(new URL(path, modelUrl))))) as File[];
    } catch {
      return [];
    }
  };
  const [schedules, calibrations] = await Promise.all([
    all<Schedule>('schedules'),
    all<{ readonly steps: number }>('calibrations'),
  ]);
  return { schedules: schedules.map(summarise), calibrations: calibrations.map(({ steps }) => steps) };
}

/** Budgets of a policy's schedules for a number of steps, most full steps first. */
export function budgetsFor(schedules: readonly FolderSchedule[], policy: string, steps: number): readonly number[] {
  const fitting = schedules.filter((schedule) => schedule.policy === policy && schedule.steps === steps);
  return [...new Set(fitting.map(({ budget }) => budget))].sort((a, b) => b - a);
}

export function summarise({ policy, steps, pattern }: Schedule): FolderSchedule {
  return { policy, steps, budget: [...pattern].filter((digit) => digit === '1').length };
}

async function fetchJson(url: URL): Promise<unknown> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`The server answered ${response.status}.`);
  return response.json();
}
