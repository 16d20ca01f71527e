import { cp, mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openModelFolder } from '../model-folder.ts';
import { cacheBackend } from '../store/backend.ts';
import { ModelStore } from '../store/model-store.ts';
import { storedSource } from '../store/stored-source.ts';
import { FakeCaches } from '../testing/fake-browser.ts';
import { type FakeHub, hubCommit, startFakeHub } from '../testing/fake-hub.ts';
import { errorOf, golden, load, sameBytes, scratchFolder } from '../testing/fixtures.ts';
import { startLocalServer } from '../testing/local-server.ts';
import { RecordingSink } from '../testing/recording-sink.ts';
import { type HubSourceOptions, hubSource } from './hub.ts';
import { networkSource } from './network.ts';

const weights = 'transformer/diffusion_pytorch_model.safetensors';
const tiny = golden('dit-diffusers-tiny');

let hub: FakeHub;
beforeEach(async () => {
  hub = await startFakeHub(tiny);
});
afterEach(() => hub.server.stop());

const open = (options: HubSourceOptions = {}, repo = 'owner/name') => hubSource(repo, { hubUrl: hub.url, ...options });
const api = () => hub.server.log.map(({ path }) => path).filter((path) => path.startsWith('api/'));

describe('a model on the hub', () => {
  test('is loaded from the commit that its revision names', async () => {
    const model = await openModelFolder(open());
    const sink = new RecordingSink();
    await model.loadWeights(sink);
    for (const [name, { bytes }] of (await load(tiny)).tensors) {
      expect(sameBytes(sink.tensors.get(name)?.bytes, bytes), name).toBe(true);
    }
    expect([model.name, model.weightsSize]).toEqual(['hf:owner/name', 7162552]);
    const tree = `api/models/owner/name/tree/${hubCommit}`;
    expect(api()).toEqual(['api/models/owner/name/revision/main', tree, tree]);
    expect(hub.asked[0]).toBe('model_index.json');
  });

  test('is not asked which commit a commit is, nor for files that it does not list', async () => {
    const source = open({ revision: hubCommit });
    expect(await source.open('nothing.json')).toBeNull();
    expect(api()).toHaveLength(2);
    expect(hub.asked).toEqual([]);
  });

  test('knows its large files by their SHA-256, the others by Git’s name, and asks when they are read', async () => {
    const source = open();
    const large = await source.open(weights);
    expect(large).toMatchObject({ begin: 0, size: 7162552, version: `sha256-${large?.sha256}` });
    const small = await source.open('transformer/config.json');
    expect(small).toMatchObject({ size: 495, version: expect.stringMatching(/^git-[0-9a-f]{40}$/) });
    expect(small).not.toHaveProperty('sha256');
    await large?.stream().cancel();
    expect(hub.asked).toEqual([]);
    expect((await small?.text())?.length).toBe(495);
    const part = await source.open(weights, { begin: 7162552 - 8 });
    expect(part).toMatchObject({ begin: 7162544, sha256: large?.sha256 });
    expect(await part?.bytes()).toHaveLength(8);
    expect(hub.asked).toEqual(['transformer/config.json', weights]);
  });

  test('may lie in a folder of its repository', async () => {
    const parent = await scratchFolder();
    await mkdir(join(parent, 'models'));
    await cp(tiny, join(parent, 'models/tiny'), { recursive: true });
    const other = await startFakeHub(parent);
    try {
      const source = networkSource('hf:owner/name/models/tiny', { hubUrl: other.url });
      expect((await openModelFolder(source)).name).toBe('hf:owner/name/models/tiny');
      expect(new Set(other.asked.map((path) => path.slice(0, 12)))).toEqual(new Set(['models/tiny/']));
    } finally {
      await other.server.stop();
    }
  });

  test('is kept in a store, by address, path and content, and loads without a network', async () => {
    const caches = new FakeCaches();
    const store = new ModelStore(cacheBackend('models', () => caches.storage));
    const loadStored = async () => {
      hub.asked.length = 0;
      const source = storedSource(open(), store, { retryDelays: [] });
      const model = await openModelFolder(source);
      await model.loadWeights(new RecordingSink());
      return source.finish();
    };
    const first = await loadStored();
    expect(first).toMatchObject({ state: 'stored', notes: [] });
    expect(await store.list()).toMatchObject([{ url: 'hf:owner/name', whole: true, bytes: first.storedBytes }]);
    expect(await loadStored()).toMatchObject({ state: 'stored', networkBytes: 0 });
    expect(hub.asked).toEqual([]);
    await hub.server.stop();
    expect(await loadStored()).toMatchObject({ state: 'stored', networkBytes: 0, storedBytes: first.storedBytes });
    await hub.server.start();
  });

  test('a large file that is not what its SHA-256 says is refused', async () => {
    const source = storedSource(open(), null, { retryDelays: [] });
    const file = await source.open(weights);
    hub.replace(weights, new Uint8Array(7162552));
    expect(await errorOf(file!.bytes())).toMatchObject({ code: 'integrity' });
  });

  test('that is gated or private says so, and opens with a token', async () => {
    hub.access = 'gated';
    const gated = await errorOf(openModelFolder(open()));
    expect([gated.code, gated.message]).toEqual([
      'not-found',
      'The Hugging Face hub does not give out owner/name: it is gated, private or not there.',
    ]);
    expect(gated.remedy).toContain('give accessToken');
    hub.access = 'private';
    expect(await errorOf(openModelFolder(open()))).toMatchObject({ message: gated.message, remedy: gated.remedy });
    const wrong = await errorOf(openModelFolder(open({ accessToken: 'hf_wrong' })));
    expect([wrong.message, wrong.remedy]).toEqual([gated.message, expect.stringContaining('the token is valid')]);
    expect((await openModelFolder(open({ accessToken: 'hf_right' }))).layout).toBe('diffusers');
  });

  test('a token goes to the hub, and to no host that it points or redirects to', async () => {
    const elsewhere = await startLocalServer();
    hub.elsewhere = elsewhere;
    const sent: [where: string, path: string, authorization: string | undefined][] = [];
    for (const [where, server] of Object.entries({ hub: hub.server, elsewhere })) {
      const answer = server.intercept;
      server.intercept = (path, response) => {
        sent.push([where, path.split('/').at(-1) ?? '', response.req.headers.authorization]);
        return answer(path, response);
      };
    }
    const source = open({ accessToken: 'hf_right' });
    expect(await (await source.open(weights))?.bytes()).toHaveLength(7162552);
    expect(await (await source.open('model_index.json'))?.bytes()).toBeDefined();
    await elsewhere.stop();
    expect(sent).toEqual([
      ['hub', 'main', 'Bearer hf_right'],
      ['hub', hubCommit, 'Bearer hf_right'],
      ['elsewhere', 'tree', undefined],
      ['hub', basename(weights), 'Bearer hf_right'],
      ['elsewhere', basename(weights), undefined],
      ['hub', 'model_index.json', 'Bearer hf_right'],
    ]);
  });

  test.each([42, 'secret', 'hf_', 'hf_a b', ''])(
    'a token that is none is refused, and not shown: %j',
    (accessToken) => {
      const make = () => open({ accessToken: accessToken as string });
      expect(make).toThrow('accessToken is not an access token of the Hugging Face hub.');
    },
  );

  test.each([
    ['a model', 'owner/nobody', {}, 'no model owner/nobody with revision main.'],
    ['a revision', 'owner/name', { revision: 'v9' }, 'no model owner/name with revision v9.'],
  ])('that is not there is told by name: %s', async (_, repo, options, what) => {
    const error = await errorOf(openModelFolder(open(options, repo)));
    expect([error.code, error.message]).toEqual(['not-found', `The Hugging Face hub has ${what}`]);
  });

  test('that cannot be reached, or whose hub fails, says so', async () => {
    const nowhere = await errorOf(openModelFolder(open({ hubUrl: 'http://127.0.0.1:1' })));
    expect([nowhere.code, nowhere.message]).toEqual(['network', 'http://127.0.0.1:1/owner/name could not be reached.']);
    hub.server.intercept = (_, response) => {
      response.writeHead(503).end();
      return true;
    };
    const failing = await errorOf(openModelFolder(open()));
    expect([failing.code, failing.remedy]).toEqual(['network', 'Try again later.']);
  });

  test('stops listing when it is aborted, and can be opened again', async () => {
    const source = open();
    const reason = new Error('enough');
    const controller = new AbortController();
    const opening = source.open(weights, { signal: controller.signal });
    controller.abort(reason);
    await expect(opening).rejects.toBe(reason);
    expect(await source.open('model_index.json')).not.toBeNull();
  });
});
