import type { FileHandle } from 'node:fs/promises';

/** Fills `view` with the bytes of a file from `position` on. @returns false when the file ends before. */
export async function readAt(file: FileHandle, view: Uint8Array, position: number): Promise<boolean> {
  for (let done = 0; done < view.length; ) {
    const { bytesRead } = await file.read(view, done, view.length - done, position + done);
    if (bytesRead === 0) return false;
    done += bytesRead;
  }
  return true;
}
