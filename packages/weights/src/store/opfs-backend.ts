import type { StoreBackend } from './backend.ts';

/**
 * Values as files of a directory, in the origin private file system say:
 * `opfsBackend(await (await navigator.storage.getDirectory()).getDirectoryHandle('models', { create: true }))`. Of the directory
 * nothing else may make use. Each part of a key becomes a name, so addresses of models may have 200 characters or so. Needs
 * `createWritable`, which replaces a file wholly or not at all.
 */
export function opfsBackend(directory: FileSystemDirectoryHandle): StoreBackend {
  /** The directories that a key lies in, outermost first, and the last of them. */
  const open = async (folders: readonly string[], create: boolean) => {
    let inner = directory;
    const opened = [inner];
    for (const name of folders) {
      inner = await inner.getDirectoryHandle(name, { create });
      opened.push(inner);
    }
    return { opened, inner };
  };
  return {
    keys: () => keysIn(directory, ''),
    async get(key) {
      const { folders, name } = split(key);
      const file = await present(open(folders, false).then(({ inner }) => inner.getFileHandle(name)));
      // Its size and content are those of this moment, whatever is put there next.
      return file ? (await file.getFile()).stream() : null;
    },
    async put(key, value) {
      const bytes = new Blob([value]);
      const { folders, name } = split(key);
      // A directory that another tab removes meanwhile makes this fail: nothing was put.
      const { inner } = await open(folders, true);
      const writable = await (await inner.getFileHandle(name, { create: true })).createWritable();
      try {
        await writable.write(bytes);
      } catch (error) {
        await writable.abort().catch(() => undefined);
        throw error;
      }
      await writable.close();
    },
    async delete(key) {
      const { folders, name } = split(key);
      const found = await present(open(folders, false));
      if (!found) return;
      const { opened, inner } = found;
      await present(inner.removeEntry(name));
      // Directories that have become empty go with it; the others refuse to.
      for (let depth = folders.length; depth > 0; depth--) {
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
async function present<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof DOMException && error.name === 'NotFoundError') return null;
    throw error;
  }
}
