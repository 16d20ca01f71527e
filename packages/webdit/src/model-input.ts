import { WebDiTError } from '@webdit/core';
import type { ModelSource, PickedFile } from '@webdit/weights';
import { badArgument, show } from './check-values.ts';

/**
 * A model:
 * - the URL of a folder or of a weights file;
 * - a model on the Hugging Face hub: `hf:owner/name`, `hf:owner/name/folder@revision`, or the address of its page;
 * - files the user picked: those of a folder, or one safetensors file with or without its config. Files of a dropped folder do not
 *   know where they lay: they come with their paths;
 * - the handle of a directory: of the origin private file system, or one the user gave access to;
 * - with `worker: false`, any source: `hubSource` of another hub, say.
 */
export type ModelInput =
  | string
  | URL
  | FileList
  | readonly (File | PickedFile)[]
  | FileSystemDirectoryHandle
  | ModelSource;

/** A model that can cross to a worker: an absolute URL, files the user picked, or the handle of a directory. */
export type TransferableModel = string | readonly (File | PickedFile)[] | FileSystemDirectoryHandle;

/** @throws WebDiTError `bad-argument` for what is no model; nothing is opened yet. */
export function checkModel(model: ModelInput): TransferableModel | ModelSource {
  if (typeof model === 'string' && model !== '') return absoluteUrl(model);
  if (model instanceof URL) return model.href;
  if (typeof FileList !== 'undefined' && model instanceof FileList) return requireFiles([...model]);
  if (Array.isArray(model)) return requireFiles(model);
  if (typeof model === 'object' && model !== null && ('open' in model || isDirectory(model))) return model;
  throw badArgument(
    `model is ${show(model)}.`,
    'Give the URL of a model folder, hf:owner/name, the files of a folder, its handle, or a model source.',
  );
}

function requireFiles(files: readonly unknown[]): readonly (File | PickedFile)[] {
  if (files.length > 0 && files.every(isFile)) return files;
  throw badArgument('model is a list that does not hold files.', 'Give the File objects of a model folder.');
}

function isFile(value: unknown): value is File | PickedFile {
  if (value instanceof File) return true;
  const { path, file } = (value ?? {}) as Partial<PickedFile>;
  return typeof path === 'string' && file instanceof Blob;
}

export function isTransferable(model: TransferableModel | ModelSource): model is TransferableModel {
  return typeof model === 'string' || Array.isArray(model) || isDirectory(model);
}

export function isDirectory(model: object | string): model is FileSystemDirectoryHandle {
  return typeof model === 'object' && 'getDirectoryHandle' in model;
}

/** Relative URLs mean what they mean to the page; in a worker they would be relative to its script. */
export function absoluteUrl(url: string): string {
  const base = typeof document === 'undefined' ? undefined : document.baseURI;
  try {
    return new URL(url, base).href;
  } catch (cause) {
    throw new WebDiTError(
      'bad-argument',
      `${show(url)} is not a URL.`,
      'Give an absolute URL; for a folder on disk, in Node, give pathSource(folder).',
      { cause },
    );
  }
}
