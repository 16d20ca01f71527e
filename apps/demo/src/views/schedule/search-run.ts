import {
  type DiffusionPipeline,
  makePairs,
  type PatternLimits,
  type ProCacheMode,
  parseSchedule,
  parseSearchState,
  type RunReport,
  requirePatterns,
  type Schedule,
  type SearchState,
  searchSchedules,
  WebDiTError,
} from 'webdit';
import { Kept } from '../../kept.ts';

/** A space of more patterns is sampled. */
export const mostPatterns = 64;

/** The pictures of a search are not those that visitors paint: seeds from here on. */
const firstSeed = 1000;

/** What a search was asked for. */
export interface SearchSettings extends PatternLimits {
  readonly steps: number;
  readonly mode: ProCacheMode;
  readonly guidance: number;
  /** Pictures that each pattern is scored on. */
  readonly pictures: number;
}

/** A search under way, paused or finished: enough to go on from, or to show it again. */
export interface SearchRecord {
  readonly settings: SearchSettings;
  /** Null before the first pattern has a score. */
  readonly state: SearchState | null;
  /** Patterns to score. */
  readonly total: number;
  /** What it found, once it is finished. */
  readonly schedule: Schedule | null;
}

/** By model. */
export const searches = new Kept<SearchRecord>('webdit-schedule-search', readRecord);

/** Beyond these even counting the patterns would hold up the page. */
const mostSteps = 250;
const mostPictures = 64;

export interface SearchSize {
  /** How many patterns keep to the limits. */
  readonly all: bigint;
  /** How many of them a search tries. */
  readonly tried: number;
}

/** @throws WebDiTError `bad-argument` for what cannot be searched, or holds no pattern. */
export function sizeOf(settings: SearchSettings): SearchSize {
  const { steps, pictures } = settings;
  if (!Number.isInteger(pictures) || pictures < 1 || pictures > mostPictures) {
    throw new WebDiTError(
      'bad-argument',
      `A pattern cannot be scored on ${pictures} pictures.`,
      `Use a whole number from 1 to ${mostPictures}.`,
    );
  }
  if (steps > mostSteps) {
    throw new WebDiTError(
      'bad-argument',
      `A search of ${steps} steps is too much for a page.`,
      `Use at most ${mostSteps} steps here, or search with the command line.`,
    );
  }
  const all = requirePatterns(settings);
  return { all, tried: Number(all > BigInt(mostPatterns) ? BigInt(mostPatterns) : all) };
}

export interface SearchHooks {
  readonly signal: AbortSignal;
  /** After every pattern, and at the end. */
  readonly onRecord: (record: SearchRecord) => Promise<void>;
  /** After every picture. */
  readonly onReport: (report: RunReport) => void;
}

/**
 * Searches, or goes on with a search, to its end.
 * @throws WebDiTError as `searchSchedules` does, or `signal.reason`; the last record then holds what was scored until then.
 */
export async function runSearch(pipe: DiffusionPipeline, record: SearchRecord, hooks: SearchHooks): Promise<void> {
  const { settings, state } = record;
  const { steps, budget, reuseMin, reuseMax, mode, guidance, pictures } = settings;
  const { numClasses } = pipe.info.model;
  const timed = {
    info: pipe.info,
    generate: async (...call: Parameters<Parameters<typeof searchSchedules>[0]['generate']>) => {
      const result = await pipe.generate(...call);
      hooks.onReport(result.report);
      return result;
    },
  };
  let latest = record;
  const found = await searchSchedules(timed, {
    ...{ steps, budget, reuseMin, reuseMax, mode, guidanceScale: guidance, cap: mostPatterns },
    pairs: makePairs(pictures, { numClasses, firstSeed }),
    state: state ?? undefined,
    signal: hooks.signal,
    onProgress: ({ state, total }) => {
      latest = { ...latest, state, total };
      return hooks.onRecord(latest);
    },
  });
  await hooks.onRecord({ ...latest, state: found.state, total: found.ranked.length, schedule: found.schedule });
}

/** The scored patterns, best first. */
export function ranking({ state }: Pick<SearchRecord, 'state'>): SearchState['done'] {
  return [...(state?.done ?? [])].sort((a, b) => a.score - b.score);
}

function readRecord(stored: unknown): SearchRecord {
  const { settings, state, total, schedule } = stored as SearchRecord;
  const { steps, budget, reuseMin, reuseMax, guidance, pictures, mode } = settings;
  const numbers = { steps, budget, reuseMin, reuseMax, guidance, pictures };
  if (![...Object.values(numbers), total].every(Number.isFinite)) throw new Error('not a search');
  return {
    settings: { ...numbers, mode },
    state: state && parseSearchState(state, 'of the browser’s storage'),
    total,
    schedule: schedule && parseSchedule(schedule, 'of the browser’s storage'),
  };
}
