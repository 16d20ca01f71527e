/** A directory of the origin private file system in memory, as far as a store uses one. */
export class FakeDirectory {
  readonly kind = 'directory';
  readonly #entries = new Map<string, FakeDirectory | FakeFile>();
  /** Called before bytes are written; throws to make that fail. */
  fail: (name: string) => void = () => {};

  get handle(): FileSystemDirectoryHandle {
    return this as unknown as FileSystemDirectoryHandle;
  }

  async getDirectoryHandle(name: string, { create = false } = {}): Promise<FakeDirectory> {
    return this.#get(name, FakeDirectory, create, () => {
      const made = new FakeDirectory();
      made.fail = (file) => this.fail(file);
      return made;
    });
  }

  async getFileHandle(name: string, { create = false } = {}): Promise<FakeFile> {
    return this.#get(name, FakeFile, create, () => new FakeFile(() => this.fail(name)));
  }

  async removeEntry(name: string): Promise<void> {
    const entry = this.#entries.get(name);
    if (!entry) throw new DOMException('no such entry', 'NotFoundError');
    if (entry instanceof FakeDirectory && entry.#entries.size > 0)
      throw new DOMException('not empty', 'InvalidModificationError');
    this.#entries.delete(name);
  }

  async *entries() {
    yield* this.#entries;
  }

  #get<T extends FakeDirectory | FakeFile>(
    name: string,
    type: new (...args: never[]) => T,
    create: boolean,
    make: () => T,
  ): T {
    const found = this.#entries.get(name);
    if (found instanceof type) return found;
    if (found) throw new DOMException('another kind of entry', 'TypeMismatchError');
    if (!create) throw new DOMException('no such entry', 'NotFoundError');
    const made = make();
    this.#entries.set(name, made);
    return made;
  }
}

class FakeFile {
  readonly kind = 'file';
  #content = new Blob([]);

  constructor(private readonly fail: () => void) {}

  async getFile(): Promise<Blob> {
    return this.#content;
  }

  /** As in browsers, what is written takes the file's place once it is closed. */
  async createWritable() {
    const parts: Blob[] = [];
    return {
      write: async (bytes: Blob) => {
        this.fail();
        parts.push(bytes);
      },
      close: async () => {
        this.#content = new Blob(parts);
      },
      abort: async () => undefined,
    };
  }
}
