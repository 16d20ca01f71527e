import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requireDiT } from '@webdit/core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { makeManifest } from '../make-manifest.ts';
import { type ModelFolder, openModelFolder } from '../model-folder.ts';
import type { ParsedTensor } from '../safetensors/whole-file.ts';
import { httpSource } from '../sources/http.ts';
import { pathSource } from '../sources/path.ts';
import { cacheBackend } from '../store/backend.ts';
import { ModelStore } from '../store/model-store.ts';
import { storedSource } from '../store/stored-source.ts';
import { CountingServer } from '../testing/counting-server.ts';
import { FakeCaches } from '../testing/fake-browser.ts';
import { copyOf, editTensors, errorOf, flipLast, golden, load, sameBytes } from '../testing/fixtures.ts';
import { serveFolder, startLocalServer } from '../testing/local-server.ts';
import { RecordingSink } from '../testing/recording-sink.ts';
import { splitWeights } from '../testing/split-weights.ts';
import { inBlock0, widenEmbedders } from '../testing/wide-embedders.ts';

const tiny = golden('dit-diffusers-tiny');
const weights = 'transformer/diffusion_pytorch_model.safetensors';
const embeddersPerBlock = (model: ModelFolder) => requireDiT(model, 'The test').config.embeddersPerBlock;
const shared = 'All 4 blocks repeat the same embedders: one set is loaded.';

/** The golden's model, with block 0's embedders in every block. */
async function repeated(change: (tensors: Map<string, ParsedTensor>) => void = () => {}): Promise<string> {
  const folder = await copyOf(tiny);
  await editTensors(join(folder, weights), (tensors) => {
    for (const name of tensors.keys()) tensors.set(name, tensors.get(inBlock0(name))!);
    change(tensors);
  });
  return folder;
}

describe('embedders that every block repeats', () => {
  test('are read once', async () => {
    const folder = await repeated();
    const model = await openModelFolder(pathSource(folder));
    expect(model.config).toEqual({ ...(await openModelFolder(pathSource(tiny))).config, embeddersPerBlock: false });
    expect(model.notes).toEqual([shared]);
    const sink = new RecordingSink();
    await model.loadWeights(sink);
    const every = new RecordingSink();
    await (await openModelFolder(pathSource(folder), { embedders: 'own' })).loadWeights(every);
    // 5 tensors of each block but the first are left out.
    expect([sink.tensors.size, every.tensors.size]).toEqual([67 - 3 * 5, 67]);
    for (const [name, { bytes }] of every.tensors) {
      const once = /[ty]_embedder/.test(name) ? name.replace(/^blocks\.\d+\./, '') : name;
      expect(sameBytes(sink.tensors.get(once)?.bytes, bytes), name).toBe(true);
    }
  });

  test('are all read where they differ, as in the golden', async () => {
    const model = await openModelFolder(pathSource(tiny));
    expect([embeddersPerBlock(model), model.notes]).toEqual([
      true,
      ['The embedders of all 4 blocks are loaded: they differ.'],
    ]);
    expect((await load(tiny)).tensors.size).toBe(67);
  });

  test.each([
    ['class_embedder.embedding_table.weight', 0],
    ['timestep_embedder.linear_1.weight', 0.618],
    ['timestep_embedder.linear_2.bias', 0.99],
  ])('are all read when one tensor of the last block differs: %s', async (inner, place) => {
    const folder = await repeated((tensors) => {
      const name = `transformer_blocks.3.norm1.emb.${inner}`;
      const tensor = tensors.get(name)!;
      const data = tensor.data.slice();
      data[Math.floor((data.length - 32768) * place) + 16384 + 100]! ^= 1;
      data[Math.floor((data.length - 1) * (place === 0.618 ? 0 : place))]! ^= 1;
      tensors.set(name, { ...tensor, data });
    });
    expect(embeddersPerBlock(await openModelFolder(pathSource(folder)))).toBe(true);
  });

  test('are all read when one block holds them in another type', async () => {
    const folder = await repeated((tensors) => {
      const name = 'transformer_blocks.2.norm1.emb.timestep_embedder.linear_2.bias';
      tensors.set(name, { dtype: 'F16', shape: [144], data: new Uint8Array(288) });
    });
    expect(embeddersPerBlock(await openModelFolder(pathSource(folder)))).toBe(true);
  });
});

describe('over HTTP', () => {
  let wide: string;
  let reference: RecordingSink;
  beforeAll(async () => {
    wide = await mkdtemp(join(tmpdir(), 'webdit-wide-'));
    await cp(tiny, wide, { recursive: true });
    await widenEmbedders(wide);
    reference = await load(wide);
  });
  afterAll(() => rm(wide, { recursive: true }));
  const sum = (sent: ReadonlyMap<string, number>) => [...sent.values()].reduce((a, b) => a + b, 0);

  const table = 16384 * 32 * 4;
  let caches: FakeCaches;
  let store: ModelStore;
  beforeEach(() => {
    caches = new FakeCaches();
    store = new ModelStore(
      cacheBackend('models', () => caches.storage),
      { pieceBytes: 70_000 },
    );
  });

  /** What was taken is what was sent, but for the last chunks of answers that were broken off. */
  const expectTaken = (taken: number, sent: number) => {
    expect(taken).toBeLessThanOrEqual(sent);
    expect(taken).toBeGreaterThan(sent - 20_000);
  };

  const expectSame = (sink: RecordingSink, { tensors } = reference) => {
    const wrong = [...tensors].filter(([name, { bytes }]) => !sameBytes(sink.tensors.get(name)?.bytes, bytes));
    expect(wrong.map(([name]) => name)).toEqual([]);
  };

  test('only what is needed is fetched, in one file or in shards', async () => {
    const folder = await copyOf(wide);
    for (const shards of [1, 2]) {
      if (shards > 1) await splitWeights(join(folder, weights), shards);
      const server = new CountingServer(folder, { acceptsRanges: true });
      const source = storedSource(server.source(), null);
      const model = await openModelFolder(source);
      expect(embeddersPerBlock(model)).toBe(false);
      const opened = sum(server.sent);
      const sink = new RecordingSink();
      const progress = new Map<string, number>();
      await model.loadWeights(sink, { onProgress: ({ file, loaded }) => progress.set(file, loaded) });
      expectSame(sink);
      // Headers and samples; then all but the class tables of two blocks.
      expect(opened).toBeLessThan(400_000);
      const fetched = sum(server.sent) - opened;
      expectTaken(model.loadedSize, fetched);
      expect([...progress.values()].reduce((a, b) => a + b, 0)).toBe(model.loadedSize);
      expect(model.weightsSize - model.loadedSize).toBeGreaterThan(2 * table);
      expect(model.weightsSize - model.loadedSize).toBeLessThan(2 * table + 100_000);
      expectTaken((await source.finish()).networkBytes, sum(server.sent));
    }
  });

  test('everything is fetched from a server without ranges', async () => {
    const server = new CountingServer(wide, { acceptsRanges: false });
    const model = await openModelFolder(storedSource(server.source(), null));
    expect([embeddersPerBlock(model), model.notes.length]).toEqual([true, 1]);
    expect(model.notes[0]).toContain('without ranges');
    expect(model.loadedSize).toBe(model.weightsSize);
    const opened = sum(server.sent);
    const sink = new RecordingSink();
    await model.loadWeights(sink);
    expect(sum(server.sent) - opened).toBe(model.weightsSize);
    expect(server.ranges.get(weights)?.filter((range) => range !== '')).toHaveLength(1);
  });

  test('a store keeps what was needed, and needs no network for it later', async () => {
    const server = new CountingServer(wide, { acceptsRanges: true });
    const loadStored = async (network = server.source()) => {
      const source = storedSource(network, store, { retryDelays: [] });
      const model = await openModelFolder(source);
      const sink = new RecordingSink();
      await model.loadWeights(sink);
      expectSame(sink);
      const { weightsSize: size, loadedSize } = model;
      return { once: !embeddersPerBlock(model), size, loadedSize, ...(await source.finish()) };
    };
    const first = await loadStored();
    expect(first).toMatchObject({ once: true, state: 'stored', notes: [] });
    expect(first.size - first.loadedSize).toBeGreaterThan(2 * table);
    // What is stored besides are the configs.
    expect(first.storedBytes - first.loadedSize).toBeGreaterThan(0);
    expect(first.storedBytes - first.loadedSize).toBeLessThan(5000);
    expect(await store.list()).toMatchObject([{ bytes: first.storedBytes, whole: true }]);
    expectTaken(first.networkBytes, sum(server.sent));
    server.sent.clear();
    const { loadedSize, storedBytes } = first;
    const again = { once: true, state: 'stored', loadedSize, storedBytes, networkBytes: 0 };
    expect(await loadStored()).toMatchObject({ ...again, notes: [] });
    expect(server.sent.get(weights)).toBeUndefined();
    const offline = httpSource(server.url, { fetch: () => Promise.reject(new TypeError('offline')) });
    expect(await loadStored(offline)).toMatchObject(again);
  });

  test('what is stored in part never passes for the whole', async () => {
    const server = new CountingServer(wide, { acceptsRanges: true });
    const source = storedSource(server.source(), store);
    await (await openModelFolder(source)).loadWeights(new RecordingSink());
    await source.finish();
    server.sent.clear();
    const whole = storedSource(server.source(), store);
    const model = await openModelFolder(whole, { embedders: 'own' });
    expect(model.loadedSize).toBe(model.weightsSize);
    const sink = new RecordingSink();
    await model.loadWeights(sink);
    const every = new RecordingSink();
    await (await openModelFolder(pathSource(wide), { embedders: 'own' })).loadWeights(every);
    expectSame(sink, every);
    expect(server.sent.get(weights)).toBe(model.weightsSize);
    const { storedBytes } = await whole.finish();
    // The parts have made room for it.
    expect(storedBytes).toBeGreaterThan(model.weightsSize);
    expect(await store.list()).toMatchObject([{ bytes: storedBytes, whole: true }]);
    const file = await storedSource(server.source(), store).open(weights);
    expect(Buffer.compare((await file?.bytes()) ?? new Uint8Array(), await readFile(join(wide, weights)))).toBe(0);
  });

  test('a stored piece that is damaged is fetched again from its place in the file', async () => {
    const server = new CountingServer(wide, { acceptsRanges: true });
    const loadStored = async () => {
      const source = storedSource(server.source(), store);
      const sink = new RecordingSink();
      await (await openModelFolder(source)).loadWeights(sink);
      expectSame(sink);
      return source.finish();
    };
    await loadStored();
    // Of 34 pieces of weights the last ones lie behind what was left out.
    const pieces = [...caches.entries.keys()].filter((key) => /weights|safetensors/.test(key) && /\/\d+$/.test(key));
    expect(pieces).toHaveLength(35);
    const late = pieces.find((key) => key.endsWith('/33'))!;
    caches.entries.set(late, flipLast(caches.entries.get(late)!));
    expect(await loadStored()).toMatchObject({
      state: 'stored',
      networkBytes: 70_000,
      notes: [`A damaged part of the stored copy of ${weights} was fetched again.`],
    });
  });

  test('a manifest asks for the whole file', async () => {
    const folder = await copyOf(wide);
    await writeFile(join(folder, 'manifest.json'), JSON.stringify(await makeManifest(pathSource(folder))));
    const server = new CountingServer(folder, { acceptsRanges: true });
    for (const where of [store, null]) {
      server.sent.clear();
      const source = storedSource(server.source(), where);
      const model = await openModelFolder(source);
      expect([embeddersPerBlock(model), model.loadedSize]).toEqual([false, model.weightsSize]);
      await model.loadWeights(new RecordingSink());
      expect(server.sent.get(weights)).toBeGreaterThanOrEqual(model.weightsSize);
      expect((await source.finish()).notes).toEqual([]);
    }
  });

  /** The folder on a server that breaks connections. */
  async function cuttingServer(
    folder: string,
    retryDelays: readonly number[] = [0, 0],
    where: ModelStore | null = null,
  ) {
    const server = await startLocalServer();
    await serveFolder(server, folder);
    return { server, source: () => storedSource(httpSource(server.url), where, { retryDelays }) };
  }

  test.each([false, true])(
    'a load that leaves tensors out goes on where it was cut, ten times; stored: %s',
    async (stored) => {
      const { server, source } = await cuttingServer(wide, [0, 0], stored ? store : null);
      const opened = source();
      const model = await openModelFolder(opened);
      server.log.length = 0;
      // Where each answer breaks off: at its beginning, at a byte, or nowhere; of what is left out nothing is asked for.
      const breaks = [150_000, 'at once', 700_000, 1_300_000, 2_200_000, null, 'at once', 4_450_000, null];
      breaks.push('at once', 6_640_000, 6_645_000, null);
      server.intercept = (_, response) => {
        const cut = breaks[server.log.length];
        server.cuts = typeof cut === 'number' ? [cut] : [];
        if (cut === 'at once') response.destroy();
        return cut === 'at once';
      };
      const sink = new RecordingSink();
      await model.loadWeights(sink);
      await server.stop();
      expectSame(sink);
      expect(server.log).toHaveLength(breaks.length);
      const begins = server.log.flatMap(({ begin, end }) => (end > 0 ? [begin] : []));
      const [second, third] = [4_416_152, 6_626_072];
      const expected = [0, 150_000, 700_000, 1_300_000, 2_200_000, second, 4_450_000, third, 6_640_000, 6_645_000];
      // What had arrived and was not read yet when a connection ended is lost.
      for (const [i, begin] of expected.entries()) {
        expect(begin - begins[i]!).toBeGreaterThanOrEqual(0);
        expect(begin - begins[i]!).toBeLessThan(2 ** 18);
      }
      expect([begins.length, begins[5], begins[7]]).toEqual([expected.length, second, third]);
    },
  );

  test('loads that were cut leave their pieces to the next one', async () => {
    const { server, source } = await cuttingServer(wide, [], store);
    const size = (await readFile(join(wide, weights))).length;
    /** In the file: what is left out lies between them. */
    const cuts = [800_000, 4_480_000, 6_645_000];
    let sent = 0;
    for (const cut of [...cuts, 0]) {
      const opened = source();
      const model = await openModelFolder(opened);
      server.log.length = 0;
      // Perhaps one answer, of which nothing is read, to tell the version, and then the one that goes on.
      server.cuts = [cut, cut];
      const sink = new RecordingSink();
      const loading = model.loadWeights(sink);
      if (cut > 0) expect(await errorOf(loading)).toMatchObject({ code: 'network' });
      else {
        await loading;
        expectSame(sink);
      }
      const answers = server.log.filter(({ path }) => path === weights);
      // The first one names the version; where there is something to go on with, no more of it is read.
      sent += answers.slice(answers.length > 1 ? 1 : 0).reduce((all, { begin, end }) => all + end - begin, 0);
      server.cuts = [];
      const [stored] = await store.list();
      expect(stored?.whole ?? false).toBe(false);
      if (cut === 0) {
        expect(await opened.finish()).toMatchObject({ state: 'stored' });
        expect(await store.list()).toMatchObject([{ whole: true, bytes: expect.closeTo(size - 2 * table, -5.3) }]);
      }
    }
    await server.stop();
    // Each load fetched at most a piece, and what was on its way, twice; none what is left out.
    expect(sent).toBeLessThan(size - 2 * table + 3 * (70_000 + 2 ** 18));
    const offline = source();
    const sink = new RecordingSink();
    await (await openModelFolder(offline)).loadWeights(sink);
    expectSame(sink);
    expect(await offline.finish()).toMatchObject({ state: 'stored', networkBytes: 0 });
  });

  test('a load that leaves tensors out does not go on with another version', async () => {
    const { server, source } = await cuttingServer(wide);
    const model = await openModelFolder(source());
    server.log.length = 0;
    server.intercept = () => {
      if (server.log.length === 1) server.cuts = [4_450_000];
      if (server.log.length === 2) server.files.set(weights, { bytes: new Uint8Array(10_000_000), etag: '"2"' });
      return false;
    };
    const sink = new RecordingSink();
    expect(await errorOf(model.loadWeights(sink))).toMatchObject({
      code: 'network',
      message: /^transformer.* changed on the server/,
    });
    await server.stop();
    expect(server.log.at(-1)).toMatchObject({ status: 206, begin: 4_450_000 });
    expect(sink.tensors.has('blocks.2.adaLN_modulation.1.weight')).toBe(false);
  });

  test('a file that changes between two answers is not put together, nor kept', async () => {
    const server = new CountingServer(wide, { acceptsRanges: true });
    const source = storedSource(server.source(), store, { retryDelays: [] });
    const model = await openModelFolder(source);
    const changing = model.loadWeights(new RecordingSink(), {
      onProgress: () => {
        server.etag = '"2"';
      },
    });
    expect(await errorOf(changing)).toMatchObject({
      code: 'network',
      message: `${weights} changed on the server while it was being loaded.`,
    });
    expect([...caches.entries.keys()].filter((key) => key.includes('safetensors'))).toEqual([]);
  });

  test('what lies between is read over where the source begins at 0 only, and is asked for once', async () => {
    const { server, source } = await cuttingServer(wide, [], store);
    const opened = source();
    const model = await openModelFolder(opened);
    server.log.length = 0;
    server.ranges = false;
    const sink = new RecordingSink();
    await model.loadWeights(sink);
    await server.stop();
    expectSame(sink);
    const asked = server.log.map(({ range }) => range);
    expect(asked).toEqual([undefined, 'bytes=4416152-4491799']);
    expect((await opened.finish()).storedBytes).toBeLessThan(model.weightsSize - 2 * table);
  });
});
