import { WebDiTError } from '@webdit/core';
import { assertInsideFolder, type ModelSource, sourceFile } from '../source.ts';
import { etagVersion } from '../version.ts';
import { parseHubAddress, printHubAddress } from './hub-address.ts';

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
  /** Whether a part has come: what fails from then on is the network. */
  let givesParts = false;

  return {
    name,
    weightsFile: fileName === null ? null : decodeURIComponent(fileName),
    async open(path, { signal, cache, begin = 0, end } = {}) {
      assertInsideFolder(path);
      signal?.throwIfAborted();
      const fileUrl = folder + path.split('/').map(encodeURIComponent).join('/') + query;
      const ask = async (headers: Record<string, string>) => {
        try {
          return await fetchFile(fileUrl, { headers, ...(signal ? { signal } : {}), ...(cache ? { cache } : {}) });
        } catch (cause) {
          signal?.throwIfAborted();
          throw cause instanceof WebDiTError ? cause : unreachable(fileUrl, cause);
        }
      };
      // Without If-Range, which other origins would have to allow: the answer names its version all the same.
      const range = begin > 0 ? { range: `bytes=${begin}-${end === undefined ? '' : end - 1}` } : {};
      // Older browsers ask another origin whether they may send a range, and many servers do not answer that.
      const mayBeRefused = begin > 0 && !givesParts;
      let response = await ask(range).catch((error) => (mayBeRefused ? ask({}) : Promise.reject(error)));
      const answered = answeredRange(response, begin, end);
      if (answered === 'useless') {
        await response.body?.cancel();
        response = await ask({});
      }
      const { body } = response;
      // Development and single-page servers answer 200 with their start page for files that do not exist.
      const startPage = /^text\/html\b/i.test(response.headers.get('content-type') ?? '');
      if (!response.ok || !body || startPage) {
        await body?.cancel();
        if (response.ok || response.status === 404 || response.status === 410) return null;
        throw refused(fileUrl, response.status);
      }
      const part = answered === 'useless' ? null : answered;
      givesParts ||= part !== null;
      const size = part ? part.total : exactSize(response);
      const version = contentVersion(response, size);
      return sourceFile(
        {
          path,
          begin: part ? begin : 0,
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

/** One address for every way to write that of a model: folders end in a slash, nothing follows a `#`, and the hub's are short. */
export function modelAddress(url: string): string {
  const hub = parseHubAddress(url);
  if (hub) return printHubAddress(hub);
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

/**
 * What part of the file a server sends that was asked for what lies from `begin` on, or up to `end`: null for all of it, `useless`
 * for anything else than what was asked for (416, say, of a file that has become shorter). `total` is null where it may not be read.
 */
function answeredRange(
  response: Response,
  begin: number,
  end = Number.POSITIVE_INFINITY,
): { total: number | null } | 'useless' | null {
  const { status, headers } = response;
  if (begin === 0 || (status !== 206 && status !== 416)) return null;
  const range = headers.get('content-range');
  // Another origin shows its Content-Range only when it means to; what 206 says is true without.
  if (status === 206 && range === null && response.type === 'cors') return { total: null };
  const [, first, last, total] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(range ?? '') ?? [];
  const right = status === 206 && Number(first) === begin && Number(last) + 1 === Math.min(end, Number(total));
  return right && !headers.has('content-encoding') ? { total: Number(total) } : 'useless';
}

/** Another origin shows its ETag only when it means to, date and length always. */
function contentVersion({ status, headers }: Response, size: number | null): string | null {
  const tag = headers.get('etag');
  if (tag) return etagVersion(tag);
  const [date, length] = [headers.get('last-modified'), status === 206 ? size : headers.get('content-length')];
  return date !== null && length !== null ? `date-${date} ${length}` : null;
}

export function unreachable(url: string, cause: unknown): WebDiTError {
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

export function refused(url: string, status: number): WebDiTError {
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
