import { createHash } from 'node:crypto';
import { httpSource } from '../sources/http.ts';

export interface ServedFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A server of one model folder, reached through a fetch of its own. */
export class FakeServer {
  readonly url = 'https://models.test/tiny/';
  readonly files = new Map<string, ServedFile>();
  /** Paths that were asked for, since the list was last emptied. */
  readonly requests: string[] = [];
  online = true;
  /** After how many bytes the connection breaks. */
  cutAfter = Number.POSITIVE_INFINITY;
  /** What each answer's body waits for before its end. */
  beforeEnd: (path: string) => Promise<void> = async () => {};

  put(path: string, content: Uint8Array<ArrayBuffer> | string, headers: Readonly<Record<string, string>> = {}): void {
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
    this.files.set(path, { bytes, headers });
  }

  /** Lists every file there is in a manifest. */
  putManifest(): void {
    this.files.delete('manifest.json');
    const files = [...this.files].map(([path, { bytes }]) => ({
      path,
      bytes: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    }));
    this.put('manifest.json', JSON.stringify({ format: 'webdit-manifest/1', files }));
  }

  readonly fetch: typeof fetch = (input, init) => this.#answer(String(input), init?.signal ?? undefined);

  source() {
    return httpSource(this.url, { fetch: this.fetch });
  }

  async #answer(url: string, signal: AbortSignal | undefined): Promise<Response> {
    const path = url.slice(this.url.length);
    signal?.throwIfAborted();
    if (!this.online) throw new TypeError('Failed to fetch');
    this.requests.push(path);
    const file = this.files.get(path);
    if (!file) return new Response(null, { status: 404 });
    return new Response(this.#body(path, file.bytes), { headers: file.headers ?? {} });
  }

  #body(path: string, bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> {
    let sent = 0;
    return new ReadableStream({
      type: 'bytes',
      pull: async (controller) => {
        const part = bytes.slice(sent, sent + Math.min(20_000, this.cutAfter - sent));
        sent += part.length;
        if (part.length > 0) return controller.enqueue(part);
        if (sent < bytes.length) return controller.error(new TypeError('connection reset'));
        await this.beforeEnd(path);
        controller.close();
        controller.byobRequest?.respond(0);
      },
    });
  }
}
