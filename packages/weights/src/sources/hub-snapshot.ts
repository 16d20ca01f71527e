import { HubApiError, listFiles, modelInfo } from '@huggingface/hub';
import { WebDiTError } from '@webdit/core';
import { refused, unreachable } from './http.ts';
import { accessRefused } from './hub-refusals.ts';

/** A file of a model on the hub. */
export interface HubFile {
  readonly bytes: number;
  /** Git's name for the content. */
  readonly oid: string;
  /** SHA-256 of the content, where the hub tells: of every large file. */
  readonly sha256: string | null;
}

/** A model at one commit. */
export interface HubSnapshot {
  readonly commit: string;
  /** By path inside the repository. */
  readonly files: ReadonlyMap<string, HubFile>;
}

export interface SnapshotQuery {
  readonly repo: string;
  /** Branch, tag or commit. */
  readonly revision: string;
  /** Folder to list; empty for all. */
  readonly subfolder: string;
  /** Whether `fetch` sends one. */
  readonly hasToken: boolean;
  readonly hubUrl: string;
  readonly fetch: typeof fetch;
  readonly signal: AbortSignal | undefined;
}

/**
 * Pins a revision to its commit, and lists the commit's files.
 * @throws WebDiTError `not-found`, `network`; `signal.reason`.
 */
export async function takeSnapshot(query: SnapshotQuery): Promise<HubSnapshot> {
  const { repo, revision, subfolder, hubUrl, signal } = query;
  const access = {
    hubUrl,
    fetch: ((input, init) => query.fetch(input, signal ? { ...init, signal } : init)) as typeof fetch,
  };
  try {
    const commit = isCommit(revision)
      ? revision
      : (await modelInfo({ name: repo, revision, additionalFields: ['sha'], ...access })).sha;
    const files = new Map<string, HubFile>();
    const folder = subfolder === '' ? {} : { path: subfolder };
    const listing = listFiles({
      repo: { type: 'model', name: repo },
      revision: commit,
      recursive: true,
      ...folder,
      ...access,
    });
    for await (const { type, path, size, oid, lfs } of listing) {
      if (type === 'file') files.set(path, { bytes: lfs?.size ?? size, oid: oid ?? '', sha256: lfs?.oid ?? null });
    }
    return { commit, files };
  } catch (cause) {
    signal?.throwIfAborted();
    throw snapshotFailure(cause, query);
  }
}

const isCommit = (revision: string) => /^[0-9a-f]{40}$/.test(revision);

function snapshotFailure(cause: unknown, { repo, revision, subfolder, hasToken, hubUrl }: SnapshotQuery): WebDiTError {
  if (!(cause instanceof HubApiError)) return unreachable(`${hubUrl}/${repo}`, cause);
  const { statusCode } = cause;
  if (statusCode === 401 || statusCode === 403) return accessRefused(repo, hasToken, cause);
  if (statusCode !== 404) return refused(`${hubUrl}/${repo}`, statusCode);
  return new WebDiTError(
    'not-found',
    `The Hugging Face hub has no model ${repo} with revision ${revision}${subfolder && ` and folder ${subfolder}`}.`,
    'Check the name, the revision and the folder on the page of the model.',
    { cause },
  );
}
