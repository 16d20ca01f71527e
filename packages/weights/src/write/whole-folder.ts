import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { WebDiTError } from '@webdit/core';

/**
 * Writes a folder that appears whole or not at all: into a folder beside it, named `….part`, which takes its name at the end.
 *
 * @param work fills the folder it is given.
 * @throws WebDiTError `bad-argument` for a path where something is already; `not-found`, `quota`; what `work` throws.
 */
export async function writeWholeFolder<T>(path: string, work: (folder: string) => Promise<T>): Promise<T> {
  const target = resolve(path);
  await assertFree(target, path);
  const beside = `${target}.${randomUUID().slice(0, 8)}.part`;
  try {
    await mkdir(beside);
    const result = await work(beside);
    // An empty folder of that name: not every system renames onto one.
    await rmdir(target).catch(ignoreMissing);
    await rename(beside, target);
    return result;
  } catch (cause) {
    await rm(beside, { recursive: true, force: true });
    throw cause instanceof WebDiTError || !isSystemError(cause) ? cause : writeFailure(path, cause);
  }
}

async function assertFree(target: string, path: string): Promise<void> {
  let entries: string[];
  try {
    entries = await readdir(target);
  } catch (cause) {
    if (isSystemError(cause) && cause.code === 'ENOENT') return;
    if (isSystemError(cause) && cause.code === 'ENOTDIR') throw taken(path, 'is a file', cause);
    throw writeFailure(path, cause);
  }
  if (entries.length > 0) throw taken(path, 'is not empty');
}

function taken(path: string, what: string, cause?: unknown): WebDiTError {
  return new WebDiTError(
    'bad-argument',
    `${path} ${what}; nothing is written over it.`,
    'Choose another path, or remove it.',
    { cause },
  );
}

/** What a failed write to `path` means: `quota` for a full disk, else `not-found`. */
export function writeFailure(path: string, cause: unknown): WebDiTError {
  const code = isSystemError(cause) ? cause.code : undefined;
  const full = code === 'ENOSPC';
  return new WebDiTError(
    full ? 'quota' : 'not-found',
    `${path} could not be written${code === undefined ? '' : ` (${code})`}.`,
    full ? 'Free some disk space.' : 'Check the path and its permissions.',
    { cause },
  );
}

function isSystemError(cause: unknown): cause is NodeJS.ErrnoException {
  return cause instanceof Error && 'code' in cause && 'syscall' in cause;
}

function ignoreMissing(cause: unknown): void {
  if (!isSystemError(cause) || cause.code !== 'ENOENT') throw cause;
}
