import { readRange } from './read-range.ts';
import type { ModelSource, OpenOptions } from './source.ts';

/** A part of a file of a model folder, in bytes. */
export interface FileRange {
  readonly path: string;
  readonly begin: number;
  readonly end: number;
}

/** Ranges that lie nearer than this, in bytes, are read as one. */
const nearBytes = 64 * 1024;

/**
 * Whether every set of ranges holds the bytes that the first one holds, range by range. Sets after the first that differs are not
 * read.
 * @returns null when the source cannot begin files elsewhere than at their first byte.
 * @throws what the source throws; `signal.reason`.
 */
export async function sameBytesAt(
  source: ModelSource,
  sets: readonly (readonly FileRange[])[],
  options: OpenOptions,
): Promise<boolean | null> {
  const [first, ...others] = sets;
  const reference = await readAll(source, first ?? [], options);
  if (!reference) return null;
  for (const ranges of others) {
    const samples = await readAll(source, ranges, options);
    if (!samples) return null;
    if (!reference.every((bytes, i) => isEqual(bytes, samples[i]))) return false;
  }
  return true;
}

/** The bytes of each range; null when the source cannot begin at one. */
async function readAll(
  source: ModelSource,
  ranges: readonly FileRange[],
  options: OpenOptions,
): Promise<readonly Uint8Array[] | null> {
  const read = async ({ path, begin, end }: FileRange) => readRange(source, path, { ...options, begin, end });
  const spans = joinNear(ranges);
  const [probe, ...rest] = spans;
  const head = probe && (await read(probe));
  // A source that cannot begin elsewhere is asked once.
  if (!probe || !head) return null;
  const bytes = [head, ...(await Promise.all(rest.map(read)))];
  if (bytes.includes(null)) return null;
  return ranges.map((range) => {
    const i = spans.findIndex(
      ({ path, begin, end }) => path === range.path && begin <= range.begin && end >= range.end,
    );
    const begin = range.begin - (spans[i]?.begin ?? 0);
    return bytes[i]?.subarray(begin, begin + range.end - range.begin) ?? new Uint8Array(0);
  });
}

/** Few ranges that hold all of the given ones. */
function joinNear(ranges: readonly FileRange[]): FileRange[] {
  const joined: FileRange[] = [];
  for (const range of [...ranges].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : a.begin - b.begin))) {
    const last = joined.at(-1);
    if (last?.path === range.path && range.begin - last.end < nearBytes) {
      joined[joined.length - 1] = { ...last, end: Math.max(last.end, range.end) };
    } else joined.push(range);
  }
  return joined;
}

function isEqual(a: Uint8Array, b: Uint8Array | undefined): boolean {
  return b?.length === a.length && a.every((byte, i) => byte === b[i]);
}
