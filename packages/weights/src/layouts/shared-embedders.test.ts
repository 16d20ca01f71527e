import { join } from 'node:path';
import { requireDiT } from '@webdit/core';
import { describe, expect, test } from 'vitest';
import { type ModelFolder, openModelFolder } from '../model-folder.ts';
import type { ParsedTensor } from '../safetensors/whole-file.ts';
import { httpSource } from '../sources/http.ts';
import { pathSource } from '../sources/path.ts';
import { cacheBackend } from '../store/backend.ts';
import { ModelStore } from '../store/model-store.ts';
import { storedSource } from '../store/stored-source.ts';
import { CountingServer } from '../testing/counting-server.ts';
import { FakeCaches } from '../testing/fake-browser.ts';
import { copyOf, editTensors, errorOf, golden, load, sameBytes } from '../testing/fixtures.ts';
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
  const wideFolder = async () => widenEmbedders(await copyOf(tiny));
  const sum = (sent: ReadonlyMap<string, number>) => [...sent.values()].reduce((a, b) => a + b, 0);

  /** What was taken is what was sent, but for the last chunks of answers that were broken off. */
  const expectTaken = (taken: number, sent: number) => {
    expect(taken).toBeLessThanOrEqual(sent);
    expect(taken).toBeGreaterThan(sent - 20_000);
  };

  test('only what is needed is fetched, in one file or in shards', async () => {
    const folder = await wideFolder();
    const reference = new RecordingSink();
    await (await openModelFolder(pathSource(folder))).loadWeights(reference);
    for (const shards of [1, 2]) {
      if (shards > 1) await splitWeights(join(folder, weights), shards);
      const server = new CountingServer(folder, { acceptsRanges: true });
      const model = await openModelFolder(server.source());
      expect(embeddersPerBlock(model)).toBe(false);
      const opened = sum(server.sent);
      const sink = new RecordingSink();
      await model.loadWeights(sink);
      for (const [name, { bytes }] of reference.tensors) {
        expect(sameBytes(sink.tensors.get(name)?.bytes, bytes), name).toBe(true);
      }
      const table = 16384 * 32 * 4;
      // Headers and samples; then all but the class tables of two blocks.
      expect(opened).toBeLessThan(400_000);
      const fetched = sum(server.sent) - opened;
      // But for what had been sent of answers that were broken off.
      expect(fetched - model.loadedSize).toBeGreaterThanOrEqual(0);
      expect(fetched - model.loadedSize).toBeLessThan(20_000);
      expect(model.weightsSize - fetched).toBeGreaterThan(2 * table - 8192);
      expect(model.weightsSize - fetched).toBeLessThan(2 * table + 100_000);
    }
  });

  test('everything is fetched from a server without ranges', async () => {
    const folder = await wideFolder();
    const server = new CountingServer(folder, { acceptsRanges: false });
    const model = await openModelFolder(server.source());
    expect([embeddersPerBlock(model), model.notes.length]).toEqual([true, 1]);
    expect(model.notes[0]).toContain('without ranges');
    expect(model.loadedSize).toBe(model.weightsSize);
    const opened = sum(server.sent);
    const sink = new RecordingSink();
    await model.loadWeights(sink);
    expect(sum(server.sent) - opened).toBe(model.weightsSize);
    expect(server.ranges.get(weights)?.filter((range) => range !== '')).toHaveLength(1);
  });

  test('a store keeps the whole file, and needs no network for samples of it later', async () => {
    const folder = await wideFolder();
    const server = new CountingServer(folder, { acceptsRanges: true });
    const caches = new FakeCaches();
    const store = new ModelStore(
      cacheBackend('models', () => caches.storage),
      { pieceBytes: 70_000 },
    );
    const sinks: RecordingSink[] = [];
    const loadStored = async () => {
      const source = storedSource(server.source(), store);
      const model = await openModelFolder(source);
      const sink = new RecordingSink();
      await model.loadWeights(sink);
      sinks.push(sink);
      const { weightsSize: size, loadedSize } = model;
      return { once: !embeddersPerBlock(model), size, loadedSize, ...(await source.finish()) };
    };
    const first = await loadStored();
    expect(first.loadedSize).toBe(first.size);
    expect(first).toMatchObject({ once: true, state: 'stored' });
    expect(first.storedBytes).toBeGreaterThan(first.size);
    expectTaken(first.networkBytes, sum(server.sent));
    server.sent.clear();
    expect(await loadStored()).toMatchObject({ once: true, state: 'stored', networkBytes: 0 });
    expect(server.sent.get(weights)).toBeUndefined();
    for (const [name, { bytes }] of sinks[0]!.tensors) {
      expect(sameBytes(sinks[1]!.tensors.get(name)?.bytes, bytes), name).toBe(true);
    }
  });

  test('without a store, what is not needed is left out', async () => {
    const folder = await wideFolder();
    const server = new CountingServer(folder, { acceptsRanges: true });
    const source = storedSource(server.source(), null);
    const model = await openModelFolder(source);
    await model.loadWeights(new RecordingSink());
    expectTaken((await source.finish()).networkBytes, sum(server.sent));
    expect(sum(server.sent)).toBeLessThan(model.weightsSize - 3_500_000);
  });

  /** The folder on a server that breaks connections. */
  async function cuttingServer(folder: string) {
    const server = await startLocalServer();
    await serveFolder(server, folder);
    return { server, source: storedSource(httpSource(server.url), null, { retryDelays: [0, 0] }) };
  }

  test('a load that leaves tensors out goes on where it was cut, ten times', async () => {
    const folder = await wideFolder();
    const reference = await load(folder);
    const { server, source } = await cuttingServer(folder);
    const model = await openModelFolder(source);
    server.log.length = 0;
    // Where each answer breaks off: at its beginning, at a byte, or nowhere; of what is left out nothing is asked for.
    const breaks = [50_000, 'at once', 700_000, 1_300_000, 2_200_000, null, 'at once', 4_450_000, null];
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
    const wrong = [...reference.tensors].filter(
      ([name, { bytes }]) => !sameBytes(sink.tensors.get(name)?.bytes, bytes),
    );
    expect(wrong.map(([name]) => name)).toEqual([]);
    expect(server.log).toHaveLength(breaks.length);
    const begins = server.log.flatMap(({ begin, end }) => (end > 0 ? [begin] : []));
    const [second, third] = [4_416_152, 6_626_072];
    const expected = [0, 50_000, 700_000, 1_300_000, 2_200_000, second, 4_450_000, third, 6_640_000, 6_645_000];
    expect(begins).toEqual(expected);
  });

  test('a load that leaves tensors out does not go on with another version', async () => {
    const { server, source } = await cuttingServer(await wideFolder());
    const model = await openModelFolder(source);
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

  test('a file that changes between two answers is not put together', async () => {
    const server = new CountingServer(await wideFolder(), { acceptsRanges: true });
    const model = await openModelFolder(server.source());
    const changing = model.loadWeights(new RecordingSink(), {
      onProgress: () => {
        server.etag = '"2"';
      },
    });
    expect(await errorOf(changing)).toMatchObject({
      code: 'integrity',
      message: `${weights} changed while it was being loaded.`,
    });
  });
});
