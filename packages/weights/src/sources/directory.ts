import { assertInsideFolder, type ModelSource } from '../source.ts';
import { blobFile, unreadable } from './files.ts';

/**
 * A model folder behind a handle: of the origin private file system (`navigator.storage.getDirectory()`), or one that the user
 * picked or dropped. Files are looked for when they are opened; weights have the names they have in model folders.
 */
export function directorySource(directory: FileSystemDirectoryHandle): ModelSource {
  return {
    // The root of the origin private file system has none.
    name: directory.name || 'The folder',
    weightsFile: null,
    async open(path, options = {}) {
      assertInsideFolder(path);
      options.signal?.throwIfAborted();
      const file = await findFile(directory, path);
      options.signal?.throwIfAborted();
      return file && blobFile(path, file, options);
    },
  };
}

/** Null where there is no such file. @throws WebDiTError `not-found` for one that cannot be read. */
async function findFile(directory: FileSystemDirectoryHandle, path: string): Promise<File | null> {
  const folders = path.split('/');
  const name = folders.pop() ?? '';
  try {
    let folder = directory;
    for (const part of folders) folder = await folder.getDirectoryHandle(part);
    return await (await folder.getFileHandle(name)).getFile();
  } catch (cause) {
    const missing = cause instanceof DOMException && ['NotFoundError', 'TypeMismatchError'].includes(cause.name);
    if (missing) return null;
    throw unreadable(path, cause);
  }
}
