import { WebDiTError } from '@webdit/core';
import { assertInsideFolder, type ModelSource, sourceFile } from '../source.ts';

export interface HttpSourceOptions {
  /** Stands in for the global `fetch`. */
  readonly fetch?: typeof fetch;
}

/**
 * A model folder behind HTTP, or one `.safetensors` file with its neighbours. Relative URLs resolve as `fetch` resolves
 * them where the code runs: in a worker, against the worker's script. A query string is kept for every file.
 */
export function httpSource(url: string | URL, options: HttpSourceOptions = {}): ModelSource {
  const name = String(url);
  const { folder, fileName, query } = parseAddress(name);
  const fetchFile = options.fetch ?? ((input, init) => globalThis.fetch(input, init));

  return {
    name,
    weightsFile: fileName === null ? null : decodeURIComponent(fileName),
    async open(path, { signal, cache } = {}) {
      assertInsideFolder(path);
      signal?.throwIfAborted();
      const fileUrl = folder + path.split('/').map(encodeURIComponent).join('/') + query;
      let response: Response;
      try {
        response = await fetchFile(fileUrl, { ...(signal ? { signal } : {}), ...(cache ? { cache } : {}) });
      } catch (cause) {
        signal?.throwIfAborted();
        throw unreachable(fileUrl, cause);
      }
      const { body } = response;
      // Development and single-page servers answer 200 with their start page for files that do not exist.
      const startPage = /^text\/html\b/i.test(response.headers.get('content-type') ?? '');
      if (!response.ok || !body || startPage) {
        await body?.cancel();
        if (response.ok || response.status === 404 || response.status === 410) return null;
        throw refused(fileUrl, response.status);
      }
      const size = exactSize(response);
      const version = contentVersion(response);
      return sourceFile(
        {
          path,
          ...(size === null ? {} : { size }),
          ...(version === null ? {} : { version }),
          stream: () => body,
          failure: (cause) => broken(fileUrl, cause),
        },
        signal,
      );
    },
  };
}

/** One address for every way to write that of a model: folders end in a slash, and nothing follows a `#`. */
export function modelAddress(url: string): string {
  const { folder, fileName, query } = parseAddress(url);
  return folder + (fileName ?? '') + query;
}

/** @returns `fileName` null for a folder. */
function parseAddress(url: string): { folder: string; fileName: string | null; query: string } {
  const [, stem = '', query = ''] = /^([^?#]*)(\?[^#]*)?/.exec(url) ?? [];
  const fileName = stem.slice(stem.lastIndexOf('/') + 1);
  if (fileName.endsWith('.safetensors')) return { folder: stem.slice(0, -fileName.length), fileName, query };
  return { folder: stem.replace(/([^/])$/, '$1/'), fileName: null, query };
}

/** Content-Length counts compressed bytes, and another origin's answers hide whether they are compressed. */
function exactSize(response: Response): number | null {
  const length = response.headers.get('content-length');
  const known = length !== null && response.type !== 'cors' && !response.headers.has('content-encoding');
  return known ? Number(length) : null;
}

/** Another origin shows its ETag only when it means to, date and length always. */
function contentVersion({ headers }: Response): string | null {
  const tag = headers.get('etag');
  if (tag) return `etag-${tag}`;
  const [date, length] = [headers.get('last-modified'), headers.get('content-length')];
  return date !== null && length !== null ? `date-${date} ${length}` : null;
}

function unreachable(url: string, cause: unknown): WebDiTError {
  const offline = 'navigator' in globalThis && navigator.onLine === false;
  return new WebDiTError(
    'network',
    offline ? `${url} cannot be loaded while this device is offline.` : `${url} could not be reached.`,
    offline
      ? 'Connect to the network and try again.'
      : 'Check the address and the connection, and that the server allows this page to read it (CORS).',
    { cause },
  );
}

function refused(url: string, status: number): WebDiTError {
  return new WebDiTError(
    'network',
    `The server answered ${url} with status ${status}.`,
    status >= 500 || status === 429 ? 'Try again later.' : 'Check the address, and that you are allowed to read it.',
  );
}

function broken(url: string, cause: unknown): WebDiTError {
  return new WebDiTError(
    'network',
    `The connection broke while ${url} was loading.`,
    'Check the connection and try again.',
    { cause },
  );
}
