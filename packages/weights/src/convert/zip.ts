import { openPromise, type ZipFile } from 'yauzl';
import { badCheckpoint } from './errors.ts';

/** Where an entry's bytes lie in the zip file. */
export interface ZipEntry {
  readonly start: number;
  readonly bytes: number;
}

/**
 * The entries of a zip file, by name, none of their data read: PyTorch stores them uncompressed, to be read in place.
 *
 * @throws WebDiTError `format` for a file that is no whole zip, an entry that is compressed or encrypted, a name twice.
 */
export async function readZipDirectory(path: string): Promise<ReadonlyMap<string, ZipEntry>> {
  // Of a file that cannot be read, the system's own error is thrown.
  const isSystemError = (cause: unknown) => cause instanceof Error && 'syscall' in cause;
  let zip: ZipFile | undefined;
  try {
    zip = await openPromise(path, { autoClose: false, lazyEntries: true });
    return await readEntries(zip, path);
  } catch (cause) {
    if (isSystemError(cause) || !(cause instanceof Error) || cause.name === 'WebDiTError') throw cause;
    throw badCheckpoint(`${path} is no whole zip file: ${firstSentence(cause.message)}.`, cause);
  } finally {
    zip?.close();
  }
}

async function readEntries(zip: ZipFile, path: string): Promise<ReadonlyMap<string, ZipEntry>> {
  const entries = new Map<string, ZipEntry>();
  for await (const entry of zip.eachEntry()) {
    const { fileName, compressionMethod, compressedSize, uncompressedSize } = entry;
    if (entry.isEncrypted()) throw badCheckpoint(`${fileName} of ${path} is encrypted.`);
    if (compressionMethod !== 0) {
      throw badCheckpoint(`${fileName} of ${path} is compressed; PyTorch stores tensors as they are.`);
    }
    if (compressedSize !== uncompressedSize) throw badCheckpoint(`${fileName} of ${path} has two sizes.`);
    if (entries.has(fileName)) throw badCheckpoint(`${path} holds ${fileName} twice.`);
    const { fileDataStart: start } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
    if (start + compressedSize > zip.fileSize) throw badCheckpoint(`${path} ends before the end of ${fileName}.`);
    entries.set(fileName, { start, bytes: compressedSize });
  }
  return entries;
}

/** The library explains at length; what it begins with says what is wrong. */
function firstSentence(message: string): string {
  return message.split(/[.:] /)[0]?.replace(/\.$/, '') ?? message;
}
