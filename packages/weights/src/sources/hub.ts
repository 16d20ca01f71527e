import { WebDiTError } from '@webdit/core';
import { ByteReader } from '../byte-reader.ts';
import { byteStream } from '../byte-stream.ts';
import { assertInsideFolder, type ModelSource, missingFile, type OpenOptions, sourceFile } from '../source.ts';
import { gitVersion, hashVersion } from '../version.ts';
import { checkAccessToken } from './access-token.ts';
import { httpSource } from './http.ts';
import { defaultHubUrl, defaultRevision, isRepo, printHubAddress } from './hub-address.ts';
import { accessRefused } from './hub-refusals.ts';
import type { HubFile, HubSnapshot } from './hub-snapshot.ts';

/** Which state of a repository on the hub, and how it is asked for. */
export interface HubSourceOptions {
  /** Branch, tag or commit; default `main`. */
  readonly revision?: string | undefined;
  /** The folder of the repository that is the model folder; default all of it. */
  readonly subfolder?: string | undefined;
  /** A token, `hf_…`, for gated and private models. It is sent to the hub's own host alone. */
  readonly accessToken?: string | undefined;
  /** Where the hub is; default https://huggingface.co. */
  readonly hubUrl?: string | undefined;
  /** Stands in for the global `fetch`. */
  readonly fetch?: typeof fetch | undefined;
}

/**
 * A model folder on the Hugging Face hub. When the first file is opened, the revision is pinned to its commit and the commit's
 * files are listed; all files come from that commit. Large files are known by their SHA-256, the others by Git's name for their
 * content. A file from its first byte is asked for when it is read, so that one that is stored already takes no request.
 * @param repo `owner/name`.
 * @throws WebDiTError `bad-argument`. Opening files throws `not-found` for a model or revision that is not there or may not be read,
 *   and `network`.
 */
export function hubSource(repo: string, options: HubSourceOptions = {}): ModelSource {
  const { revision = defaultRevision, accessToken, hubUrl = defaultHubUrl } = options;
  const subfolder = (options.subfolder ?? '').replace(/^\/+|\/+$/g, '');
  checkOptions(repo, subfolder, accessToken);
  const fetchHub = withToken(options.fetch ?? ((input, init) => globalThis.fetch(input, init)), hubUrl, accessToken);
  const hasToken = accessToken !== undefined;
  const name = printHubAddress({ repo, subfolder, revision });

  let pinned: Promise<HubSnapshot> | null = null;
  const pin = (signal: AbortSignal | undefined) => {
    const query = { repo, revision, subfolder, hasToken, hubUrl, fetch: fetchHub, signal };
    pinned ??= takeSnapshotLazily(query).catch((error) => {
      pinned = null;
      throw error;
    });
    return pinned;
  };
  const fetchFile: typeof fetch = async (input, init) => {
    const response = await fetchHub(input, init);
    if (response.status !== 401 && response.status !== 403) return response;
    await response.body?.cancel();
    throw accessRefused(repo, hasToken);
  };

  let folder: ModelSource | null = null;
  const filesOf = (commit: string) => {
    folder ??= httpSource(`${hubUrl}/${repo}/resolve/${commit}/`, { fetch: fetchFile });
    return folder;
  };

  return {
    name,
    weightsFile: null,
    async open(path, options = {}) {
      assertInsideFolder(path);
      const { commit, files } = await pin(options.signal);
      const inside = subfolder === '' ? path : `${subfolder}/${path}`;
      const listed = files.get(inside);
      if (!listed) return null;
      const openNow = async (options: OpenOptions) => {
        const file = await filesOf(commit).open(inside, options);
        if (!file) throw missingFile(name, path);
        return file;
      };
      const said = { path, ...describe(listed) };
      if (options.begin) return { ...(await openNow(options)), ...said };
      return sourceFile({ ...said, stream: () => lazyStream(() => openNow(options)), failure: asItIs }, options.signal);
    },
  };
}

/**
 * Sends the token with what is asked of the hub's own host, and of no other, wherever listings point. Where the hub redirects to another,
 * `fetch` itself leaves it out.
 */
function withToken(fetchAny: typeof fetch, hubUrl: string, accessToken: string | undefined): typeof fetch {
  if (accessToken === undefined) return fetchAny;
  const { origin } = new URL(hubUrl);
  return async (input, init) => {
    const headers = new Headers(init?.headers);
    if (new URL(String(input)).origin === origin) headers.set('authorization', `Bearer ${accessToken}`);
    return fetchAny(input, { ...init, headers });
  };
}

/** The hub's library is needed by few. */
async function takeSnapshotLazily(query: Parameters<typeof import('./hub-snapshot.ts').takeSnapshot>[0]) {
  const { takeSnapshot } = await import('./hub-snapshot.ts');
  return takeSnapshot(query);
}

function describe({ bytes, oid, sha256 }: HubFile) {
  return sha256 === null
    ? { size: bytes, version: gitVersion(oid) }
    : { size: bytes, version: hashVersion(sha256), sha256 };
}

/** A file that is opened when it is read. */
function lazyStream(open: () => Promise<ConstructorParameters<typeof ByteReader>[0]>): ReadableStream<Uint8Array> {
  let reader: ByteReader | null = null;
  let closed = false;
  return byteStream({
    async read(view) {
      reader ??= new ByteReader(await open());
      if (closed) reader.close();
      const bytes = await reader.some(view.length);
      view.set(bytes);
      return bytes.length;
    },
    close() {
      closed = true;
      reader?.close();
    },
  });
}

/** Opening and reading say themselves what went wrong. */
function asItIs(cause: unknown): WebDiTError {
  if (cause instanceof WebDiTError) return cause;
  throw cause;
}

function checkOptions(repo: string, subfolder: string, accessToken: string | undefined): void {
  if (!isRepo(repo)) {
    throw new WebDiTError('bad-argument', `"${repo}" is not the name of a model on the hub.`, 'Give owner/name.');
  }
  if (subfolder !== '') assertInsideFolder(subfolder);
  if (accessToken !== undefined) checkAccessToken(accessToken);
}
