import { parseTolerantJson, WebDiTError } from '@webdit/core';
import { isSize } from './safetensors/dtypes.ts';

/** One file of a manifest. */
export interface ManifestFile {
  /** Path inside the model folder, with `/`. */
  readonly path: string;
  readonly bytes: number;
  /** SHA-256 of its content, 64 hexadecimal digits. */
  readonly sha256: string;
}

/** `manifest.json` of a model folder: what every file that a load needs must be. */
export interface Manifest {
  readonly format: typeof manifestFormat;
  readonly files: readonly ManifestFile[];
}

export const manifestFormat = 'webdit-manifest/1';
export const manifestPath = 'manifest.json';

/** @throws WebDiTError `format`, saying what is wrong. */
export function parseManifest(text: string): Manifest {
  const json = parseTolerantJson(text, manifestPath) as Partial<Manifest> | null;
  if (json?.format !== manifestFormat) throw bad(`has format ${JSON.stringify(json?.format)}, not ${manifestFormat}`);
  if (!Array.isArray(json.files)) throw bad('has no list "files"');
  const files = json.files.map(parseFile);
  const twice = files.find(({ path }, index) => files.findIndex((other) => other.path === path) !== index);
  if (twice) throw bad(`lists ${twice.path} twice`);
  return { format: manifestFormat, files };
}

function parseFile(entry: unknown): ManifestFile {
  const { path, bytes, sha256 } = (entry ?? {}) as Partial<ManifestFile>;
  const isHash = typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256);
  if (typeof path === 'string' && isSize(bytes) && isHash) return { path, bytes, sha256 };
  throw bad(`has an entry without path, bytes and sha256 (64 hexadecimal digits): ${JSON.stringify(entry)}`);
}

function bad(what: string): WebDiTError {
  return new WebDiTError('format', `${manifestPath} ${what}.`, 'Write it again with webdit manifest, or remove it.');
}
