import type { Manifest, ManifestFile } from '../manifest.ts';
import type { FilePart } from '../source.ts';
import { hashVersion } from '../version.ts';
import type { ModelStore } from './model-store.ts';
import type { FileRecord, ModelRecord } from './records.ts';

/** A file of the store. */
export interface Found {
  readonly store: ModelStore;
  readonly record: FileRecord;
}

/** What is looked for in the store. */
export interface Current {
  /** The version on the network. */
  readonly named: string | undefined;
  /** That of the stored model. */
  readonly kept: string | null | undefined;
  /** Whether the version is the content's hash. */
  readonly hashed: boolean;
  readonly parts: readonly FilePart[] | undefined;
}

/** Versions by path of what a stored model has and a load did not ask for, unless the manifest has another. */
export function unasked(
  model: ModelRecord | null,
  asked: { has(path: string): boolean },
  { manifest, listed }: { readonly manifest: Manifest | null; readonly listed: ReadonlyMap<string, ManifestFile> },
): (readonly [path: string, version: string])[] {
  return Object.entries(model?.files ?? {}).flatMap(([path, version]) => {
    if (version === null || asked.has(path)) return [];
    const current = listed.get(path);
    return manifest && (!current || hashVersion(current.sha256) !== version) ? [] : [[path, version] as const];
  });
}
