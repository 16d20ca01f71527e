import { readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openModelFolder } from '../model-folder.ts';
import type { ModelSource } from '../source.ts';
import { errorOf, golden, sameBytes, scratchFolder } from '../testing/fixtures.ts';
import { RecordingSink } from '../testing/recording-sink.ts';
import { filesSource } from './files.ts';
import { httpSource } from './http.ts';
import { pathSource } from './path.ts';

const read = async (source: ModelSource, path: string) => (await (await source.open(path))?.text()) ?? null;

describe('httpSource', () => {
  let server: Server;
  let url: string;
  let requests: string[];
  beforeEach(async () => {
    requests = [];
    server = createServer(async (request, response) => {
      requests.push(request.url ?? '');
      const path = new URL(request.url ?? '', url).pathname;
      if (path.startsWith('/status/')) return response.writeHead(Number(path.split('/')[2])).end('no');
      if (path.startsWith('/spa/'))
        return response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html>');
      if (path.endsWith('broken.bin')) {
        response.writeHead(200, { 'content-length': '1000' });
        response.write('half');
        return setTimeout(() => response.destroy(), 20);
      }
      if (path.endsWith('stalled.bin')) return response.writeHead(200).write('some');
      const body = await readFile(join(golden('.'), decodeURIComponent(path))).catch(() => null);
      if (!body) return response.writeHead(404).end();
      return response.writeHead(200, { 'content-length': body.length }).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`;
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  test('loads a folder, with or without a closing slash, and a single file with its neighbours', async () => {
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
    const source = httpSource(new URL(`${url}dir?token=1#top`));
    expect(await source.open('a b/c#d.json')).toBeNull();
    expect(requests).toEqual(['/dir/a%20b/c%23d.json?token=1']);
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

  test('takes 404, 410 and a start page for "not there"', async () => {
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
    const file = await httpSource(url).open('stalled.bin', { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 10);
    await expect(file?.bytes()).rejects.toBe(reason);
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
    Object.defineProperty(gone, 'stream', { value: stream });
    const error = await errorOf(read(filesSource([gone]), 'config.json'));
    expect([error.code, error.remedy]).toEqual(['not-found', 'Pick the model folder again.']);
  });
});
