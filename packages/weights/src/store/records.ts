import type { Manifest } from '../manifest.ts';
import type { FilePart } from '../source.ts';

/** Says of records what they are, and of what kind this code reads. */
export const storeFormat = 'webdit-store/1';

/** One stored file, or parts of one. Written after the last of its pieces: a file without a record is not there. */
export interface FileRecord {
  readonly format: typeof storeFormat;
  /** Address of the model. */
  readonly model: string;
  /** Path inside the model folder. */
  readonly path: string;
  /** Which content: see `version.ts`, and for parts `partsVersion`. */
  readonly version: string;
  /** What of the file is stored, one part after another: all that was needed of it. Left out for the whole. */
  readonly parts?: readonly FilePart[];
  /** Of what is stored. */
  readonly bytes: number;
  /** Bytes of every piece but the last. */
  readonly pieceBytes: number;
  /** SHA-256 of each piece, in hexadecimal. */
  readonly pieces: readonly string[];
  /** When it was stored, ISO 8601. */
  readonly date: string;
}

/** What a whole model consists of; written once every file of it is stored. */
export interface ModelRecord {
  readonly format: typeof storeFormat;
  readonly model: string;
  readonly date: string;
  readonly manifest: Manifest | null;
  /** The version of each file that a load asks for; null for files that it asks for and the server does not have. */
  readonly files: Readonly<Record<string, string | null>>;
}

/**
 * The beginning of a file, as far as a download came; all of its pieces are full. Written after each of them, and only under
 * versions that pin the content, so that another load may go on.
 */
export type UnfinishedRecord = Omit<FileRecord, 'bytes'>;

export const unfinishedBytes = ({ pieceBytes, pieces }: UnfinishedRecord) => pieceBytes * pieces.length;

/** A file by its three names, and what of it they are for. */
export type FileId = Pick<FileRecord, 'model' | 'path' | 'version' | 'parts'>;

const pieceName = /^\d+$/;

/** Keys of one store: `model/file/record` or `…/unfinished`, `model/file/0`, `model/file/1`, … and `model/record`. */
export const keys = {
  model: (model: string) => `${encodeURIComponent(model)}/`,
  modelRecord: (model: string) => `${keys.model(model)}record`,
  file: ({ model, path, version }: FileId) => `${keys.model(model)}${encodeURIComponent(`${path} ${version}`)}/`,
  fileRecord: (file: FileId) => `${keys.file(file)}record`,
  unfinished: (file: FileId) => `${keys.file(file)}unfinished`,
  piece: (file: FileId, index: number) => `${keys.file(file)}${index}`,
};

/** What a key stands for: the folder it lies in, and whether it is a model's record, a file's, that of an unfinished file or a piece. */
export function parseKey(key: string): { folder: string; kind: 'model' | 'file' | 'unfinished' | 'piece' } | null {
  const parts = key.split('/');
  const last = parts.pop() ?? '';
  const folder = `${parts.join('/')}/`;
  if (parts.length === 1 && last === 'record') return { folder, kind: 'model' };
  if (parts.length === 2 && last === 'record') return { folder, kind: 'file' };
  if (parts.length === 2 && last === 'unfinished') return { folder, kind: 'unfinished' };
  return parts.length === 2 && pieceName.test(last) ? { folder, kind: 'piece' } : null;
}
