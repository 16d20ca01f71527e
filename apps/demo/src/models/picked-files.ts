import type { PickedFile } from 'webdit';
import { ChoiceError } from './model-choice.ts';

/** Model folders hold a handful. A folder of more is another one, such as a whole home. */
const mostFiles = 1000;

/** Files of an `<input type="file">`, of a folder or not. */
export function pickedFiles(files: Iterable<File>): readonly PickedFile[] {
  return limited([...files].map((file) => ({ path: file.webkitRelativePath || file.name, file })));
}

/**
 * Files and folders that were dropped on the page. To be called while the event is handled: its items are gone afterwards.
 * @throws ChoiceError when nothing was dropped that holds files, or far too much; whatever the browser says of files it cannot read.
 */
export async function droppedFiles(dropped: DataTransfer): Promise<readonly PickedFile[]> {
  const entries = [...dropped.items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  const files: PickedFile[] = [];
  for (const entry of entries) await walk(entry, '', files);
  return limited(files);
}

async function walk(entry: FileSystemEntry, folder: string, files: PickedFile[]): Promise<void> {
  const path = folder + entry.name;
  if (isFile(entry)) {
    const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject));
    files.push({ path, file });
    limited(files);
  } else if (isDirectory(entry)) {
    for (const child of await children(entry)) await walk(child, `${path}/`, files);
  }
}

/** All of them: readers hand out a hundred at a time. */
async function children(directory: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = directory.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return all;
    all.push(...some);
    if (all.length > mostFiles) return all;
  }
}

function limited(files: PickedFile[]): readonly PickedFile[] {
  if (files.length > mostFiles) {
    throw new ChoiceError(
      `There are more than ${mostFiles} files, so this is no model folder.`,
      'Pick the folder that holds model_index.json or model.safetensors.',
    );
  }
  if (files.length > 0) return files;
  throw new ChoiceError('There are no files in it.', 'Pick a model folder, or a .safetensors file.');
}

const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile;
const isDirectory = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory;
