import { sha256Hex } from './sha256.ts';
import type { FilePart } from './source.ts';

/** Bytes of parts; of those before `end` of the file only, where it is given. */
export function bytesIn(parts: readonly FilePart[], end = Number.POSITIVE_INFINITY): number {
  return parts.reduce((sum, part) => sum + Math.max(0, Math.min(part.end, end) - part.begin), 0);
}

/** Where in the file a byte lies that is counted over the parts; at the end of the last for all that follow. */
export function placeIn(parts: readonly FilePart[], position: number): number {
  let rest = position;
  for (const { begin, end } of parts) {
    if (rest < end - begin) return begin + rest;
    rest -= end - begin;
  }
  return parts.at(-1)?.end ?? 0;
}

/** Whether every one of `wanted` lies in one of the parts. */
export function holds(parts: readonly FilePart[], wanted: readonly FilePart[]): boolean {
  return wanted.every(({ begin, end }) => parts.some((part) => part.begin <= begin && part.end >= end));
}

const partsMark = / parts-[0-9a-f]{16}$/;

/** What parts of a file are stored under: never what the whole is, and another for other parts. */
export async function partsVersion(version: string, parts: readonly FilePart[]): Promise<string> {
  const list = new TextEncoder().encode(JSON.stringify(parts.map(({ begin, end }) => [begin, end])));
  return `${version} parts-${(await sha256Hex(list)).slice(0, 16)}`;
}

/** The version of the file that stored parts are of. */
export const wholeVersion = (version: string) => version.replace(partsMark, '');
