import { readPieces } from './byte-reader.ts';
import type { OpenFolderOptions } from './layouts/description.ts';
import { textFiles } from './layouts/text.ts';
import { decoderPaths, encoderPaths } from './layouts/vae.ts';
import { type Manifest, type ManifestFile, manifestFormat, manifestPath } from './manifest.ts';
import { type ModelFolder, openModelFolder } from './model-folder.ts';
import { startSha256 } from './sha256.ts';
import { type ModelSource, openRequired } from './source.ts';

/**
 * The manifest of a model folder: every file that loading it and generating with it read, by path.
 * @throws WebDiTError, as `openModelFolder` and reading do.
 */
export async function makeManifest(source: ModelSource): Promise<Manifest> {
  const { paths } = await modelFiles(source, { embedders: 'own' });
  const files: ManifestFile[] = [];
  for (const path of paths) files.push(await describeFile(source, path));
  return { format: manifestFormat, files };
}

/**
 * Opens a model folder and lists the files that loading it and generating with it read, sorted.
 * @throws WebDiTError, as `openModelFolder` does.
 */
export async function modelFiles(
  source: ModelSource,
  options: OpenFolderOptions = {},
): Promise<{ folder: ModelFolder; paths: string[] }> {
  const paths = new Set<string>();
  const folder = await openModelFolder(
    {
      ...source,
      async open(path, options) {
        const file = await source.open(path, options);
        if (file) paths.add(path);
        return file;
      },
    },
    options,
  );
  const { weightFiles, vae, text, schedules, calibrations } = folder;
  for (const { path } of [...weightFiles, ...(text ? textFiles(text) : [])]) paths.add(path);
  const codec = vae ? [...decoderPaths(vae), ...encoderPaths(vae)] : [];
  for (const path of [...codec, ...schedules, ...calibrations]) paths.add(path);
  paths.delete(manifestPath);
  return { folder, paths: [...paths].sort() };
}

async function describeFile(source: ModelSource, path: string): Promise<ManifestFile> {
  const hash = await startSha256();
  let bytes = 0;
  for await (const piece of readPieces(await openRequired(source, path))) {
    hash.update(piece);
    bytes += piece.length;
  }
  return { path, bytes, sha256: hash.digest() };
}
