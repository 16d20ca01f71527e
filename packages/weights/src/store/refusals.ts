import { mebibytes, WebDiTError } from '@webdit/core';
import type { FileId } from './records.ts';

export function noRoom({ path }: Pick<FileId, 'path'>, size: number, room: number): WebDiTError {
  return new WebDiTError(
    'quota',
    `${path} (${mebibytes(size)}) is not kept on this device, because the browser gives this site ${mebibytes(room)} more.`,
    'Delete other stored models or free some disk space.',
  );
}

export function busy({ path }: Pick<FileId, 'path'>): WebDiTError {
  return new WebDiTError(
    'quota',
    `${path} is being stored by another tab, so this one does not store it.`,
    'Load the model again when the other tab has finished.',
  );
}

export function deleted({ path }: Pick<FileId, 'path'>): WebDiTError {
  return new WebDiTError(
    'quota',
    `${path} is not kept on this device, because the model was deleted while it was being stored.`,
    'Store the model again.',
  );
}

export function notWhole({ path }: Pick<FileId, 'path'>): WebDiTError {
  return new WebDiTError('network', `${path} did not arrive whole.`, 'Load the model again.');
}

/** @param cause what the backend threw. */
export function storageFailure(cause: unknown): WebDiTError {
  const full = cause instanceof Error && cause.name === 'QuotaExceededError';
  const name = cause instanceof Error ? ` (${cause.name})` : '';
  return new WebDiTError(
    'quota',
    full
      ? 'The model is not kept on this device, because the browser’s storage is full.'
      : `The model is not kept on this device, because the browser’s storage cannot be used${name}.`,
    full
      ? 'Delete other stored models or free some disk space.'
      : 'Allow this site to store data, and do not use a private window.',
    { cause },
  );
}
