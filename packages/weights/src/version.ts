import type { SourceFileParts } from './source.ts';

/**
 * Versions name the content of a file among all that its path ever had: `sha256-…`, `git-…`, `etag-…`, `date-…` (a date and a
 * length, which two contents may share), or `once-…` where there is nothing to compare.
 */
const hashPrefix = 'sha256-';
const gitPrefix = 'git-';
const etagPrefix = 'etag-';

/** The version of a file that is known by its content: whatever is stored under it is that content. */
export const hashVersion = (sha256: string) => `${hashPrefix}${sha256}`;
export const isHashVersion = (version: string) => version.startsWith(hashPrefix);

/** @param oid of the blob, in hexadecimal. */
export const gitVersion = (oid: string) => `${gitPrefix}${oid}`;

/** @param tag as the server writes it. */
export const etagVersion = (tag: string) => `${etagPrefix}${tag}`;

/** What a file is known by: its content, where its source says that. */
export function versionOf({ sha256, version }: Pick<SourceFileParts, 'sha256' | 'version'>): string | undefined {
  return sha256 === undefined ? version : hashVersion(sha256);
}

/** Whether bytes of one answer may be joined to another's under this version: a hash, or an ETag that is not a weak one. */
export function isPinned(version: string | undefined): version is string {
  return [hashPrefix, gitPrefix, `${etagPrefix}"`].some((prefix) => version?.startsWith(prefix));
}
