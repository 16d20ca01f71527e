import { readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openModelFolder } from '../model-folder.ts';
import type { ModelSource } from '../source.ts';
import { errorOf, golden, sameBytes, scratchFolder } from '../testing/fixtures.ts';
import { type LocalFile, type LocalServer, startLocalServer } from '../testing/local-server.ts';
import { RecordingSink } from '../testing/recording-sink.ts';
import { filesSource } from './files.ts';
import { httpSource } from './http.ts';
import { pathSource } from './path.ts';

const read = async (source: ModelSource, path: string) => (await (await source.open(path))?.text()) ?? null;

describe('httpSource', () => {
  let server: LocalServer;
  let url: string;
  beforeEach(async () => {
    server = await startLocalServer();
    url = server.url;
  });
  afterEach(() => server.stop());

  test('loads a folder, with or without a closing slash, and a single file with its neighbours', async () => {
    for (const name of ['model.safetensors', 'config.json']) {
      const bytes = await readFile(golden(`dit-original-tiny/${name}`)).catch(() => null);
      if (bytes) server.files.set(`dit-original-tiny/${name}`, { bytes });
    }
    const reference = new RecordingSink();
    await (await openModelFolder(pathSource(golden('dit-original-tiny')))).loadWeights(reference);
    for (const address of ['dit-original-tiny', 'dit-original-tiny/', 'dit-original-tiny/model.safetensors']) {
      const sink = new RecordingSink();
      const model = await openModelFolder(httpSource(url + address));
      await model.loadWeights(sink);
      expect(model.weightsSize).toBe(1120600);
      for (const [name, { bytes }] of reference.tensors) {
        expect(sameBytes(sink.tensors.get(name)?.bytes, bytes), name).toBe(true);
      }
    }
  });

  test('keeps the query and escapes names', async () => {
    const requests: string[] = [];
    const ask: typeof fetch = (input, init) => {
      requests.push(String(input));
      return fetch(input, init);
    };
    const source = httpSource(new URL(`${url}dir?token=1#top`), { fetch: ask });
    expect(await source.open('a b/c#d.json')).toBeNull();
    expect(requests).toEqual([`${url}dir/a%20b/c%23d.json?token=1`]);
    expect(server.log).toMatchObject([{ path: 'dir/a b/c#d.json', status: 404 }]);
    expect(source.weightsFile).toBeNull();
    expect(httpSource('models/x%20y.safetensors?v=2').weightsFile).toBe('x y.safetensors');
  });

  test('resolves relative URLs as fetch does', async () => {
    const asked: string[] = [];
    const fetch = async (input: unknown) => {
      asked.push(String(input));
      return new Response(null, { status: 404 });
    };
    for (const base of ['', '.', '../m', '/m/', 'm/w.safetensors', 'w.safetensors']) {
      await httpSource(base, { fetch }).open('config.json');
    }
    expect(asked).toEqual([
      'config.json',
      './config.json',
      '../m/config.json',
      '/m/config.json',
      'm/config.json',
      'config.json',
    ]);
  });

  /** Answers with the status that a path begins with, and whatever is asked of `spa/` with a start page. */
  const answerBadly = () => {
    server.intercept = (path, response) => {
      const status = /^status\/(\d+)/.exec(path)?.[1];
      if (status) response.writeHead(Number(status)).end('no');
      else if (path.startsWith('spa/')) response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html>');
      return response.headersSent;
    };
  };

  test('takes 404, 410 and a start page for "not there"', async () => {
    answerBadly();
    expect(await httpSource(`${url}status/404`).open('x')).toBeNull();
    expect(await httpSource(`${url}status/410`).open('x')).toBeNull();
    expect(await httpSource(`${url}spa/`).open('model_index.json')).toBeNull();
    const error = await errorOf(openModelFolder(httpSource(`${url}spa/`)));
    expect(error.code).toBe('not-found');
  });

  test.each([
    [500, 'Try again later.'],
    [503, 'Try again later.'],
    [403, 'Check the address, and that you are allowed to read it.'],
  ])('reports status %i', async (status, remedy) => {
    answerBadly();
    const error = await errorOf(httpSource(`${url}status/${status}`).open('x'));
    expect([error.code, error.message, error.remedy]).toEqual([
      'network',
      `The server answered ${url}status/${status}/x with status ${status}.`,
      remedy,
    ]);
  });

  test('reports a server that cannot be reached, and a connection that breaks', async () => {
    const nowhere = await errorOf(httpSource('http://127.0.0.1:1/').open('x'));
    expect([nowhere.code, nowhere.message]).toEqual(['network', 'http://127.0.0.1:1/x could not be reached.']);
    expect(nowhere.remedy).toContain('CORS');
    server.files.set('broken.bin', { bytes: new Uint8Array(1000) });
    server.cuts = [500];
    const broken = await errorOf(read(httpSource(url), 'broken.bin'));
    expect([broken.code, broken.message]).toEqual([
      'network',
      `The connection broke while ${url}broken.bin was loading.`,
    ]);
  });

  test('an abort ends a request and a stalled read with its reason', async () => {
    const reason = new Error('enough');
    await expect(httpSource(url).open('x', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    server.intercept = (_, response) => response.writeHead(200).write('some');
    const file = await httpSource(url).open('stalled.bin', { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 10);
    await expect(file?.bytes()).rejects.toBe(reason);
  });

  const tenBytes = new TextEncoder().encode('0123456789');
  /** What comes of asking for a file's bytes from the fourth on. */
  const fromThree = async (file: Partial<LocalFile>, begin = 3) => {
    server.files.set('a', { bytes: tenBytes, ...file });
    const opened = await httpSource(url).open('a', { begin });
    return { ...opened, text: await opened?.text(), statuses: server.log.map(({ status }) => status) };
  };

  test('begins where it is asked to, and says which file that is of', async () => {
    const date = 'Sat, 01 Mar 2025 10:00:00 GMT';
    const dated = { headers: { 'last-modified': date } };
    const part = { begin: 3, size: 10, text: '3456789' };
    expect(await fromThree({ etag: '"1"' })).toMatchObject({ ...part, version: 'etag-"1"', statuses: [206] });
    expect(await fromThree(dated)).toMatchObject({ ...part, version: `date-${date} 10` });
    expect(await fromThree(dated, 0)).toMatchObject({ begin: 0, text: '0123456789', version: `date-${date} 10` });
    expect(server.log.map(({ range }) => range)).toEqual(['bytes=3-', 'bytes=3-', undefined]);
  });

  test('begins at 0 where a server sends files whole', async () => {
    server.ranges = false;
    expect(await fromThree({})).toMatchObject({ begin: 0, size: 10, text: '0123456789', statuses: [200] });
  });

  test('begins at 0 of a file that has become shorter', async () => {
    expect(await fromThree({}, 10)).toMatchObject({ begin: 0, size: 10, text: '0123456789', statuses: [416, 200] });
  });

  test.each([
    ['another range', { 'content-range': 'bytes 2-9/10' }],
    ['a part of it', { 'content-range': 'bytes 3-8/10' }],
    ['a range of a file of unknown size', { 'content-range': 'bytes 3-9/*' }],
    ['no range', {}],
    ['bytes of something compressed', { 'content-range': 'bytes 3-9/10', 'content-encoding': 'gzip' }],
  ])('begins at 0 where a server answers with %s', async (_, headers) => {
    const answers = [new Response('3456789', { status: 206, headers }), new Response('0123456789')];
    const source = httpSource('m/', { fetch: async () => answers.shift() as Response });
    const file = await source.open('a', { begin: 3 });
    expect([file?.begin, await file?.text()]).toEqual([0, '0123456789']);
  });

  test('begins at 0 where a server can be reached without a range only, and says when it cannot at all', async () => {
    const asked: (string | null)[] = [];
    let online = true;
    const source = httpSource('m/', {
      fetch: async (_, init) => {
        const range = new Headers(init?.headers).get('range');
        asked.push(range);
        if (range || !online) throw new TypeError('Failed to fetch');
        return new Response('0123456789');
      },
    });
    const file = await source.open('a', { begin: 3 });
    expect([file?.begin, await file?.text(), asked]).toEqual([0, '0123456789', ['bytes=3-', null]]);
    online = false;
    expect((await errorOf(source.open('a', { begin: 3 }))).message).toBe('m/a could not be reached.');
  });

  test('believes another origin that hides its range', async () => {
    const response = Object.defineProperty(new Response('3456789', { status: 206 }), 'type', { value: 'cors' });
    const file = await httpSource('m/', { fetch: async () => response }).open('a', { begin: 3 });
    expect([file?.begin, file?.size, file?.version, await file?.text()]).toEqual([3, undefined, undefined, '3456789']);
  });

  test('does not trust the length of compressed or foreign answers', async () => {
    const sizeOf = async (headers: Record<string, string>, type: ResponseType = 'basic') => {
      const response = Object.defineProperty(new Response('abc', { headers }), 'type', { value: type });
      return (await httpSource('m/', { fetch: async () => response }).open('x'))?.size;
    };
    expect(await sizeOf({ 'content-length': '3' })).toBe(3);
    expect(await sizeOf({ 'content-length': '3', 'content-encoding': 'gzip' })).toBeUndefined();
    expect(await sizeOf({ 'content-length': '3' }, 'cors')).toBeUndefined();
    expect(await sizeOf({})).toBeUndefined();
  });
});

describe('pathSource', () => {
  test('tells missing, unreadable and folders apart', async () => {
    const folder = await scratchFolder();
    await writeFile(join(folder, 'a.json'), '{}');
    await symlink('loop', join(folder, 'loop'));
    const source = pathSource(folder);
    expect(await read(source, 'a.json')).toBe('{}');
    expect(await source.open('b.json')).toBeNull();
    expect(await source.open('a.json/b')).toBeNull();
    expect(await pathSource(join(folder, '..')).open(folder.split('/').at(-1)!)).toBeNull();
    const error = await errorOf(source.open('loop'));
    expect([error.code, error.message]).toEqual(['not-found', `${join(folder, 'loop')} could not be read (ELOOP).`]);
  });

  test.each(['../x', '/etc/passwd', 'a//b', 'a\\b', ''])('refuses the path "%s"', async (path) => {
    for (const source of [pathSource('.'), filesSource([]), httpSource('m/')]) {
      expect((await errorOf(source.open(path))).code).toBe('bad-argument');
    }
  });

  test('begins where it is asked to', async () => {
    const folder = await scratchFolder();
    await writeFile(join(folder, 'a'), '0123456789');
    const file = await pathSource(folder).open('a', { begin: 3 });
    expect([file?.begin, file?.size, await file?.text()]).toEqual([3, 10, '3456789']);
  });

  test('a stream that is abandoned closes its file', async () => {
    const file = await pathSource(golden('dit-original-tiny')).open('model.safetensors');
    const reader = file?.stream().getReader({ mode: 'byob' });
    const { value } = (await reader?.read(new Uint8Array(16))) ?? {};
    expect(value).toHaveLength(16);
    await expect(reader?.cancel()).resolves.toBeUndefined();
  });
});

describe('filesSource', () => {
  const file = (path: string, text = path) => {
    const picked = new File([text], path.split('/').at(-1)!);
    return Object.defineProperty(picked, 'webkitRelativePath', { value: path.includes('/') ? path : '' });
  };

  test('strips the name of the picked folder, and goes by it', async () => {
    const source = filesSource([file('mine/model_index.json'), file('mine/vae/config.json')]);
    expect(source.name).toBe('mine');
    expect(filesSource([file('vae/config.json'), file('model_index.json')]).name).toBe('The dropped folder');
    expect(filesSource([file('w.safetensors')]).name).toBe('w.safetensors');
    expect(await read(source, 'model_index.json')).toBe('mine/model_index.json');
    expect(await read(source, 'vae/config.json')).toBe('mine/vae/config.json');
    expect(await read(source, 'config.json')).toBeNull();
    expect(source.weightsFile).toBeNull();
  });

  test('begins where it is asked to', async () => {
    const opened = await filesSource([file('a', '0123456789')]).open('a', { begin: 3 });
    expect([opened?.begin, opened?.size, await opened?.text()]).toEqual([3, 10, '3456789']);
  });

  test('takes a single safetensors file, alone or with its config', () => {
    expect(filesSource([file('w.safetensors')]).weightsFile).toBe('w.safetensors');
    expect(filesSource([file('w.safetensors'), file('config.json')]).weightsFile).toBe('w.safetensors');
    expect(filesSource([file('m/model_index.json'), file('m/w.safetensors')]).weightsFile).toBeNull();
  });

  test('says when a file changed after it was picked', async () => {
    const gone = file('config.json');
    const stream = () =>
      new ReadableStream({
        start(controller) {
          controller.error(new DOMException('gone', 'NotReadableError'));
        },
      });
    Object.defineProperty(gone, 'slice', { value: () => ({ stream }) });
    const error = await errorOf(read(filesSource([gone]), 'config.json'));
    expect([error.code, error.remedy]).toEqual(['not-found', 'Pick the model folder again.']);
  });
});
