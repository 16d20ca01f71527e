import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ModelSource, makeManifest } from '@webdit/weights';
import { pathSource } from '@webdit/weights/node';
import { serveFolder, startLocalServer, widenEmbedders } from '@webdit/weights/testing';
import { describe, expect, test } from 'vitest';
import { planModel } from './plan-model.ts';

const emojiDiT = pathSource(fileURLToPath(new URL('../../../models/emoji-dit', import.meta.url)));
const mebibyte = 2 ** 20;

/** The folder, and how many bytes of its weights were read. */
function counted(): { source: ModelSource; read: () => number } {
  let bytes = 0;
  const source: ModelSource = {
    ...emojiDiT,
    async open(path, options) {
      const file = await emojiDiT.open(path, options);
      if (!file || !path.endsWith('.safetensors')) return file;
      const count = new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          bytes += chunk.byteLength;
          controller.enqueue(chunk);
        },
      });
      return { ...file, stream: () => file.stream().pipeThrough(count) };
    },
  };
  return { source, read: () => bytes };
}

test('says what a model takes without WebGPU, from the header of its weights', async () => {
  const { source, read } = counted();
  const plan = await planModel(source, { dtype: ['f32', 'f16', 'int8'], policies: ['none', 'fora:3', 'taylorseer'] });
  expect(read()).toBeLessThan(mebibyte);
  expect(plan).toMatchObject({ numInferenceSteps: 50, guidanceScale: 3, batch: 2, adapter: null });
  expect(plan.download.weights).toBeGreaterThan(19 * mebibyte);
  expect(plan.limits).toEqual({
    maxBufferSize: 256 * mebibyte,
    maxStorageBufferBindingSize: 128 * mebibyte,
    memory: null,
  });
  const [f32, f16, int8] = plan.dtypes.map(({ weights }) => weights as number) as [number, number, number];
  // 10 M parameters.
  expect(f32 / 4).toBeGreaterThan(9.9e6);
  expect(f32 / 4).toBeLessThan(10.5e6);
  expect(f16 / f32).toBeCloseTo(0.53, 1);
  expect(int8 / f32).toBeCloseTo(0.3, 1);
  const [none, fora, taylor] = (plan.dtypes[1]?.policies ?? []).map(({ kept, fits }) => ({ kept, fits }));
  // 8 layers x 2 branches x 2 rows x 64 tokens x 256 channels.
  const features = 8 * 2 * 2 * 64 * 256 * 4;
  expect(none?.kept).toBeLessThan(1024);
  expect(fora).toEqual({ kept: features + (none?.kept as number), fits: true });
  expect(taylor?.kept).toBeGreaterThan(2.9 * features);
});

test('says what is fetched, of a model that repeats its embedders and of one with a manifest', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'webdit-plan-'));
  await cp(fileURLToPath(new URL('../../../goldens/dit-diffusers-tiny', import.meta.url)), folder, { recursive: true });
  await widenEmbedders(folder);
  const server = await startLocalServer();
  await serveFolder(server, folder);
  const download = async () => (await planModel(server.url, { policies: ['none'] })).download;
  // The embedders of two of three blocks: tables of 16384 classes, and the layers of the timestep.
  expect(await download()).toEqual({ weights: 6_651_416 - 2 * 2_134_272, vae: 0 });
  const manifest = JSON.stringify(await makeManifest(pathSource(folder)));
  server.files.set('manifest.json', { bytes: new TextEncoder().encode(manifest) });
  expect(await download()).toEqual({ weights: 6_651_416, vae: 0 });
  await server.stop();
  await rm(folder, { recursive: true });
});

test('without guidance a run works in less', async () => {
  const activations = async (guidanceScale: number) =>
    (await planModel(emojiDiT, { guidanceScale, policies: ['none'] })).dtypes[0]?.policies[0]?.activations as number;
  expect(await activations(1)).toBeLessThan(0.7 * (await activations(3)));
});

test('plans every registered policy, and says why one cannot run', async () => {
  const plan = await planModel(emojiDiT, { numInferenceSteps: 20 });
  const [first] = plan.dtypes;
  expect(first?.policies.map(({ cache }) => cache)).toContain('procache+');
  const smoothcache = first?.policies.find(({ cache }) => cache === 'smoothcache');
  expect(smoothcache).toMatchObject({ total: null, fits: false, refusal: { code: 'schedule-mismatch' } });
});

describe('what does not fit', () => {
  const within = async (memory: number, policy: string) => {
    const plan = await planModel(emojiDiT, { dtype: 'f32', policies: [policy, 'fora:5'], limits: { memory } });
    return plan.dtypes[0]?.policies[0]?.refusal;
  };

  test.each([
    ['taylorseer', 48, /^Use the cache policy none: that takes \d+\.\d MiB\.$/],
    ['none', 30, /^Use dtype f16: that takes \d+\.\d MiB\.$/],
    ['none', 1, 'No dtype and no cache policy makes it fit: use a smaller model, or an adapter that allows more.'],
  ])('%s in %d MiB comes with what to change', async (policy, memory, remedy) => {
    const refusal = await within(memory * mebibyte, policy);
    expect(refusal).toMatchObject({ code: 'out-of-memory', remedy: expect.stringMatching(remedy) });
    expect(refusal?.message).toContain(`more than the ${memory}.0 MiB there are.`);
  });

  test('a working buffer beyond the binding limit is named', async () => {
    const limits = { maxStorageBufferBindingSize: 64 * 1024 };
    const plan = await planModel(emojiDiT, { policies: ['none'], limits });
    expect(plan.dtypes[0]?.policies[0]?.refusal?.message).toMatch(
      /^Buffer ".+" needs .+ MiB, but this adapter allows 0\.1 MiB\.$/,
    );
  });
});

test.each([
  [{ dtype: 'f64' }, 'dtype is "f64".'],
  [{ dtype: [] }, 'dtype is an array.'],
  [{ policies: ['nope'] }, 'There is no cache policy named "nope".'],
  [{ numInferenceSteps: 0 }, 'numInferenceSteps is 0.'],
  [{ limits: { memory: -1 } }, 'memory is -1.'],
  [{ limits: { room: 1 } }, 'limits has no option "room".'],
  [{ batch: 2 }, 'planModel() has no option "batch".'],
])('refuses %o', async (options, message) => {
  await expect(planModel(emojiDiT, options as object)).rejects.toMatchObject({ message });
});
