import {
  type PatternLimits,
  parseSchedule,
  parseTolerantJson,
  type Schedule,
  scheduleToJson,
  WebDiTError,
} from 'webdit';
import { Kept } from '../../kept.ts';
import { type Draft, draftOf } from './draft.ts';

/** The visitor's own schedules, by name. */
export const library = new Kept<Schedule>('webdit-schedules', (stored) =>
  parseSchedule(stored, 'of the browser’s storage'),
);

/** What was on the strip, and the page's setting it was begun under. */
export interface Unfinished {
  readonly followed: string;
  readonly draft: Draft;
}

/** By model. */
export const unfinished = new Kept<Unfinished>('webdit-schedule-draft', (stored) => {
  const { followed, draft } = stored as Unfinished;
  const { schedule, limits } = draftOf(parseSchedule(draft.schedule, 'of the browser’s storage'));
  const keys = Object.keys(limits) as (keyof PatternLimits)[];
  const known = keys.filter((key) => Number.isFinite(draft.limits[key]));
  const kept = Object.fromEntries(known.map((key) => [key, draft.limits[key]]));
  return { followed: String(followed), draft: { schedule, limits: { ...limits, ...kept } } };
});

/** Schedules take a few kilobytes; nothing larger is read. */
const mostBytes = 1_000_000;

/**
 * A schedule from a file the visitor picked or dropped.
 * @throws WebDiTError `format`, naming the file and the field.
 */
export async function readScheduleFile(file: File): Promise<Schedule> {
  if (file.size > mostBytes) {
    throw new WebDiTError(
      'format',
      `The file ${file.name} holds ${(file.size / 1e6).toFixed(1)} MB, which no schedule does.`,
      'Pick a schedule, a small .json file.',
    );
  }
  return parseSchedule(parseTolerantJson(await file.text(), file.name), file.name);
}

/** A schedule as `readScheduleFile` and the command line read it. */
export function scheduleFile(schedule: Schedule): Blob {
  return new Blob([`${JSON.stringify(scheduleToJson(schedule), null, 2)}\n`], { type: 'application/json' });
}
