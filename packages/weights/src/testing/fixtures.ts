import { createHash } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WebDiTError } from '@webdit/core';
import { afterEach } from 'vitest';
import { openModelFolder } from '../model-folder.ts';
import { encodeSafetensors, type ParsedTensor, parseSafetensors } from '../safetensors/whole-file.ts';
import { pathSource } from '../sources/path.ts';
import { RecordingSink } from './recording-sink.ts';

const root = fileURLToPath(new URL('../../../../', import.meta.url));

export const emojiDiT = join(root, 'models/emoji-dit');
export const golden = (name: string) => join(root, 'goldens', name);
export const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
export const sameBytes = (a: Uint8Array | undefined, b: Uint8Array | undefined) =>
  a !== undefined && b !== undefined && Buffer.compare(a, b) === 0;

/** A copy with another last byte. */
export function flipLast(bytes: Uint8Array = new Uint8Array()): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(bytes);
  const last = copy.length - 1;
  copy[last] = (copy[last] ?? 0) ^ 1;
  return copy;
}

const scratch: string[] = [];
afterEach(async () => {
  for (const folder of scratch.splice(0)) await rm(folder, { recursive: true });
});

/** An empty folder that lives as long as the test. */
export async function scratchFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'webdit-weights-'));
  scratch.push(folder);
  return folder;
}

/** A copy of a model folder that a test may damage. */
export async function copyOf(folder: string): Promise<string> {
  const copy = await scratchFolder();
  await cp(folder, copy, { recursive: true });
  return copy;
}

export async function editJson(file: string, change: (json: Record<string, unknown>) => void): Promise<void> {
  const json = JSON.parse(await readFile(file, 'utf8'));
  change(json);
  await writeFile(file, JSON.stringify(json));
}

export async function editTensors(file: string, change: (tensors: Map<string, ParsedTensor>) => void): Promise<void> {
  const tensors = parseSafetensors(await readFile(file));
  change(tensors);
  await writeFile(file, encodeSafetensors(Object.fromEntries(tensors)));
}

export async function errorOf(work: Promise<unknown>): Promise<WebDiTError> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof WebDiTError)) throw new Error(`expected a WebDiTError, got ${error}`);
  return error;
}

export async function load(folder: string, dtype: 'F32' | 'F16' = 'F32'): Promise<RecordingSink> {
  const sink = new RecordingSink(dtype);
  await (await openModelFolder(pathSource(folder))).loadWeights(sink);
  return sink;
}
