import type { Schedule } from 'webdit';

/** A cache schedule of the model folder, as far as the page offers it. */
export interface FolderSchedule {
  readonly policy: string;
  readonly steps: number;
  /** Full steps. */
  readonly budget: number;
}

/**
 * The schedules that the model folder lists; none when they cannot be read, which a run that needs one then explains.
 */
export async function loadSchedules(modelUrl: URL): Promise<readonly FolderSchedule[]> {
  try {
    const index = (await fetchJson(new URL('model_index.json', modelUrl))) as { schedules?: readonly string[] };
    const paths = index.schedules ?? [];
    return await Promise.all(
      paths.map(async (path) => summarise((await fetchJson(new URL(path, modelUrl))) as Schedule)),
    );
  } catch {
    return [];
  }
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
