import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { httpSource } from '../sources/http.ts';

/** Serves a folder through a fetch of its own, with ranges, and counts to the byte what is taken. */
export class CountingServer {
  readonly url = 'https://models.test/m/';
  /** Bytes of each file that went out. */
  readonly sent = new Map<string, number>();
  /** The ranges that were asked for of each file, in order; empty text for none. */
  readonly ranges = new Map<string, string[]>();

  etag = '"1"';

  constructor(
    private readonly folder: string,
    private readonly options: { readonly acceptsRanges: boolean },
  ) {}

  source() {
    return httpSource(this.url, { fetch: this.fetch });
  }

  readonly fetch: typeof fetch = async (input, init) => {
    const path = String(input).slice(this.url.length);
    const file = await readFile(join(this.folder, path)).catch(() => null);
    if (!file) return new Response(null, { status: 404 });
    const asked = new Headers(init?.headers).get('range') ?? '';
    this.ranges.set(path, [...(this.ranges.get(path) ?? []), asked]);
    const [, first, last] = (this.options.acceptsRanges && /^bytes=(\d+)-(\d*)$/.exec(asked)) || [];
    if (first === undefined)
      return new Response(this.#body(path, file, 0, file.length), { headers: { etag: this.etag } });
    const end = last ? Number(last) + 1 : file.length;
    const headers = { etag: this.etag, 'content-range': `bytes ${first}-${end - 1}/${file.length}` };
    return new Response(this.#body(path, file, Number(first), end), { status: 206, headers });
  };

  #body(path: string, file: Uint8Array, begin: number, end: number): ReadableStream<Uint8Array<ArrayBuffer>> {
    let next = begin;
    return new ReadableStream(
      {
        pull: (controller) => {
          const part = file.slice(next, Math.min(next + 4096, end));
          if (part.length === 0) return controller.close();
          next += part.length;
          this.sent.set(path, (this.sent.get(path) ?? 0) + part.length);
          controller.enqueue(new Uint8Array(part));
        },
      },
      { highWaterMark: 0 },
    );
  }
}
