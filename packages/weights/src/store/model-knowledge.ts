import { WebDiTError } from '@webdit/core';
import { type Manifest, type ManifestFile, manifestPath, parseManifest } from '../manifest.ts';
import type { ModelSource, OpenOptions } from '../source.ts';
import type { ModelRecord } from './records.ts';

/** What is known of a model before any of its files is opened. */
export interface ModelKnowledge {
  readonly manifest: Manifest | null;
  /** The manifest's entries by path. */
  readonly listed: ReadonlyMap<string, ManifestFile>;
  /** The model as it was last stored whole. */
  readonly model: ModelRecord | null;
}

export interface LearnOptions extends OpenOptions {
  /** The network did not give the manifest, and the stored one is used. */
  onOffline(model: ModelRecord): void;
}

export function offlineNote({ date }: ModelRecord): string {
  return `The network did not give this model, so the copy stored on ${date.slice(0, 10)} was loaded.`;
}

/** How long a server may take to send its manifest when there is a stored one, in milliseconds. */
const patience = 5000;

/**
 * Fetches a folder's manifest; when the network does not give it, the stored one counts.
 * @param model the stored model, or null.
 * @throws WebDiTError `format` for a broken manifest; the signal's reason.
 */
export async function learnModel(
  network: ModelSource,
  model: ModelRecord | null,
  options: LearnOptions,
): Promise<ModelKnowledge> {
  const manifest = network.weightsFile === null ? await fetchManifest(network, model, options) : null;
  return { manifest, model, listed: new Map(manifest?.files.map((file) => [file.path, file])) };
}

async function fetchManifest(
  network: ModelSource,
  model: ModelRecord | null,
  { signal, onOffline }: LearnOptions,
): Promise<Manifest | null> {
  const limits = [signal, model ? AbortSignal.timeout(patience) : undefined].filter((limit) => limit !== undefined);
  try {
    const file = await network.open(manifestPath, { signal: AbortSignal.any(limits), cache: 'no-cache' });
    return file && parseManifest(await file.text());
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof WebDiTError && error.code === 'format') throw error;
    // Some servers refuse what they do not have; the next file will tell.
    if (!model?.manifest) return null;
    onOffline(model);
    return model.manifest;
  }
}

/** Whether a model would be stored as it is. */
export function isSame(record: Omit<ModelRecord, 'format' | 'date'>, stored: ModelRecord | null): boolean {
  const text = ({ manifest, files }: Omit<ModelRecord, 'format' | 'date'>) => JSON.stringify([manifest, files]);
  return stored !== null && text(record) === text(stored);
}
