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
  const [, stem = '', query = ''] = /^([^?#]*)(\?[^#]*)?/.exec(name) ?? [];
  const fileName = stem.slice(stem.lastIndexOf('/') + 1);
  const single = fileName.endsWith('.safetensors');
  const folder = single ? stem.slice(0, -fileName.length) : stem.replace(/([^/])$/, '$1/');
  const fetchFile = options.fetch ?? ((input, init) => globalThis.fetch(input, init));

  return {
    name,
    weightsFile: single ? decodeURIComponent(fileName) : null,
    async open(path, { signal } = {}) {
      assertInsideFolder(path);
      signal?.throwIfAborted();
      const fileUrl = folder + path.split('/').map(encodeURIComponent).join('/') + query;
      let response: Response;
      try {
        response = await fetchFile(fileUrl, signal ? { signal } : {});
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
      return sourceFile(
        { path, ...(size === null ? {} : { size }), stream: () => body, failure: (cause) => broken(fileUrl, cause) },
        signal,
      );
    },
  };
}

/** Content-Length counts compressed bytes, and another origin's answers hide whether they are compressed. */
function exactSize(response: Response): number | null {
  const length = response.headers.get('content-length');
  const known = length !== null && response.type !== 'cors' && !response.headers.has('content-encoding');
  return known ? Number(length) : null;
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
