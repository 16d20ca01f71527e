import { join } from 'node:path';
import { makeManifest, manifestPath } from '@webdit/weights';
import { pathSource } from 'webdit/node';
import { readCommandLine } from '../arguments.ts';
import type { Command } from '../command.ts';
import { checkWritable, writeJson } from '../files.ts';

/** Writes a model folder's manifest: size and SHA-256 of each file that loading and generating read. */
export const manifest: Command = async (args, output) => {
  const line = readCommandLine(args, ['adapter'], 1);
  const folder = line.positionals[0] as string;
  const path = join(folder, manifestPath);
  await checkWritable(path);
  const made = await makeManifest(pathSource(folder));
  await writeJson(path, made);
  for (const { path, bytes, sha256 } of made.files) output.line(`${sha256}  ${bytes}  ${path}`);
  return 0;
};
