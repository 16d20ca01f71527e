import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { access, constants, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parseTolerantJson, WebDiTError } from '@webdit/core';
import { encodeSafetensors, parseSafetensors, tensorToFloat32 } from '@webdit/weights';
import { writeFailure } from '@webdit/weights/node';

export interface LatentsFile {
  readonly data: Float32Array<ArrayBuffer>;
  readonly shape: readonly number[];
}

/** @throws WebDiTError `not-found`. */
export async function readBytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (cause) {
    throw new WebDiTError('not-found', `${path} could not be read${reason(cause)}.`, 'Check the path.', { cause });
  }
}

/** Refuses a path nothing can be written to, before any work is done. @throws WebDiTError `not-found`. */
export async function checkWritable(path: string): Promise<void> {
  const folder = dirname(path);
  try {
    await access(folder, constants.W_OK);
  } catch (cause) {
    throw new WebDiTError(
      'not-found',
      `${path} cannot be written: there is no writable folder ${folder}.`,
      'Create the folder, or choose another path.',
      { cause },
    );
  }
}

/**
 * Writes a file as a whole: whoever reads it, also after this process was killed, finds what was there before or all that is new.
 *
 * @throws WebDiTError `not-found`, `quota`.
 */
export async function writeBytes(path: string, bytes: Uint8Array | string): Promise<void> {
  try {
    await replaceFile(path, bytes);
  } catch (cause) {
    throw writeFailure(path, cause);
  }
}

async function replaceFile(path: string, bytes: Uint8Array | string): Promise<void> {
  const known = await stat(path).catch(() => undefined);
  // A pipe or a device, such as /dev/stdout, is written to and not replaced.
  if (known && !known.isFile()) return await writeFile(path, bytes);
  if (known) await access(path, constants.W_OK);
  const target = known ? await realpath(path) : path;
  const beside = `${target}.${randomUUID().slice(0, 8)}.part`;
  try {
    await writeFile(beside, bytes, known ? { mode: known.mode } : {});
    await rename(beside, target);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}

/**
 * What an earlier command saved at `path`, to go on from; undefined when there is no path, or no file yet.
 *
 * @throws WebDiTError `not-found` where nothing could be saved either, and what `parse` throws.
 */
export async function readSaved<T>(
  path: string | undefined,
  parse: (json: unknown, path: string) => T,
): Promise<T | undefined> {
  if (path === undefined) return undefined;
  await checkWritable(path);
  if (!existsSync(path)) return undefined;
  return parse(await readJson(path), path);
}

/** @throws WebDiTError `not-found`, `format`. */
export async function readJson(path: string): Promise<unknown> {
  return parseTolerantJson(new TextDecoder().decode(await readBytes(path)), path);
}

export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeBytes(path, `${JSON.stringify(value, null, 2)}\n`);
}

/**
 * Latents from a safetensors file: its tensor `latents`, or its only one.
 *
 * @throws WebDiTError `not-found`, `format`.
 */
export async function readLatents(path: string): Promise<LatentsFile> {
  const tensors = parseSafetensors(await readBytes(path), path);
  const only = tensors.size === 1 ? [...tensors.values()][0] : undefined;
  const tensor = tensors.get('latents') ?? only;
  if (tensor === undefined) {
    throw new WebDiTError(
      'format',
      `${path} holds no tensor "latents" but ${[...tensors.keys()].join(', ') || 'nothing'}.`,
      'Pass a file with one tensor, or with one called "latents".',
    );
  }
  return { data: tensorToFloat32(tensor), shape: tensor.shape };
}

export async function writeLatents(path: string, { data, shape }: { data: Float32Array; shape: readonly number[] }) {
  await writeBytes(path, encodeSafetensors({ latents: { dtype: 'F32', shape, data } }));
}

function reason(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
}
