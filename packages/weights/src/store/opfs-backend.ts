import type { StoreBackend } from './backend.ts';

/**
 * Values as files of a directory, in the origin private file system say:
 * `opfsBackend(await (await navigator.storage.getDirectory()).getDirectoryHandle('models', { create: true }))`. Of the directory
 * nothing else may make use. Each part of a key becomes a name, so addresses of models may have 200 characters or so. Needs
 * `createWritable`, which replaces a file wholly or not at all.
 */
export function opfsBackend(directory: FileSystemDirectoryHandle): StoreBackend {
  /** The directories that a key lies in, outermost first; null where one is missing. */
  const open = async (folders: readonly string[], create: boolean): Promise<FileSystemDirectoryHandle[] | null> => {
    const opened = [directory];
    for (const name of folders) {
      const next = await present(opened[opened.length - 1]?.getDirectoryHandle(name, { create }));
      if (!next) return null;
      opened.push(next);
    }
    return opened;
  };
  return {
    keys: () => keysIn(directory, ''),
    async get(key) {
      const { folders, name } = split(key);
      const file = await present((await open(folders, false))?.at(-1)?.getFileHandle(name));
      // Its size and content are those of this moment, whatever is put there next.
      return file ? (await file.getFile()).stream() : null;
    },
    async put(key, value) {
      const bytes = new Blob([value]);
      const { folders, name } = split(key);
      const file = await (await open(folders, true))?.at(-1)?.getFileHandle(name, { create: true });
      const writable = await file?.createWritable();
      try {
        await writable?.write(bytes);
      } catch (error) {
        await writable?.abort().catch(() => undefined);
        throw error;
      }
      await writable?.close();
    },
    async delete(key) {
      const { folders, name } = split(key);
      const opened = await open(folders, false);
      await present(opened?.at(-1)?.removeEntry(name));
      // Directories that have become empty go with it; the others refuse to.
      for (let depth = folders.length; opened && depth > 0; depth--) {
        const removed = await opened[depth - 1]?.removeEntry(folders[depth - 1] as string).then(
          () => true,
          () => false,
        );
        if (!removed) return;
      }
    },
  };
}

function split(key: string): { folders: readonly string[]; name: string } {
  const parts = key.split('/');
  return { folders: parts.slice(0, -1), name: parts.at(-1) ?? '' };
}

async function keysIn(directory: FileSystemDirectoryHandle, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const [name, entry] of directory.entries()) {
    if (entry.kind === 'file') keys.push(prefix + name);
    else keys.push(...(await keysIn(entry as FileSystemDirectoryHandle, `${prefix}${name}/`)));
  }
  return keys;
}

/** What is asked for, or null where there is no such entry. */
async function present<T>(asked: Promise<T> | undefined): Promise<T | null> {
  try {
    return (await asked) ?? null;
  } catch (error) {
    if (error instanceof DOMException && error.name === 'NotFoundError') return null;
    throw error;
  }
}
