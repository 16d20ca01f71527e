import { readFile } from 'node:fs/promises';
import { encodeSafetensors, parseSafetensors } from '@webdit/weights';
import { pathSource } from '@webdit/weights/node';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { testDevice } from '../../../../testing/gpu.ts';
import { repositoryPath } from '../../../../testing/repository.ts';
import { DiffusionPipeline } from '../pipeline.ts';
import type { VerifyEvent } from './types.ts';

const golden = 'goldens/dit-original-tiny';
const url = 'https://check.test/tiny/';

let pipe: DiffusionPipeline;
let spoil: (file: string, bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>;
beforeAll(async () => {
  const { device } = await testDevice();
  pipe = await DiffusionPipeline.fromPretrained(pathSource(repositoryPath(golden)), { worker: false, device });
});
beforeEach(() => {
  spoil = (_, bytes) => bytes;
  vi.stubGlobal('fetch', async (input: string) => {
    const file = input.slice(url.length);
    const bytes = await readFile(repositoryPath(`${golden}/${file}`)).catch(() => null);
    return bytes ? new Response(spoil(file, new Uint8Array(bytes))) : new Response(null, { status: 404 });
  });
});
afterEach(() => vi.unstubAllGlobals());
afterAll(() => pipe.dispose());

test('verify runs the cases of a golden folder and says how far off each tensor is', async () => {
  const events: VerifyEvent[] = [];
  const options = { cases: ['forward', 'ddim10'], steps: 2, onProgress: (event: VerifyEvent) => events.push(event) };
  const result = await pipe.verify(url, options);
  expect(result).toMatchObject({ ok: true, dtype: 'f32', math: 'f32', reference: expect.stringContaining('DiT') });
  expect(result.checks.map(({ case: run, tensor, ok }) => [run, tensor, ok])).toEqual([
    ['forward', 'out', true],
    ['ddim10', expect.stringContaining('ddim10'), true],
  ]);
  for (const { error, target } of result.checks) {
    expect(error).toBeGreaterThan(0);
    expect(error).toBeLessThan(target);
  }
  expect(result.worst.severity).toBe(Math.max(...result.checks.map(({ severity }) => severity)));
  expect(events.map(({ done, total, case: run, checks }) => [done, total, run, checks.length])).toEqual([
    [0, 2, 'forward', 0],
    [1, 2, 'ddim10', 1],
    [2, 2, null, 2],
  ]);
});

test('verify fails on one wrong value', async () => {
  spoil = (file, bytes) => {
    if (!file.endsWith('.safetensors')) return bytes;
    const tensors = Object.fromEntries(parseSafetensors(bytes));
    const out = new Float32Array((tensors.out as NonNullable<(typeof tensors)[string]>).data.buffer);
    out[5] = (out[5] as number) + 0.5;
    return encodeSafetensors(tensors);
  };
  const { ok, worst } = await pipe.verify(url, { cases: ['forward'] });
  expect(ok).toBe(false);
  expect(worst).toMatchObject({ case: 'forward', tensor: 'out', ok: false });
  expect(worst.error).toBeGreaterThan(worst.target);
});

test('verify names what is missing', async () => {
  await expect(pipe.verify(url, { cases: ['dog'] })).rejects.toMatchObject({ code: 'bad-argument' });
  await expect(pipe.verify(`${url}nowhere/`)).rejects.toMatchObject({ code: 'not-found' });
});

test('an abort stops a diagnosis with the caller’s reason, and the next call in the queue runs', async () => {
  const controller = new AbortController();
  const reason = new Error('enough');
  const options = { signal: controller.signal, onProgress: () => controller.abort(reason) };
  const running = pipe.verify(url, options);
  const next = pipe.generate({ label: 1 }, { numInferenceSteps: 1, seed: 1, outputType: 'latent' });
  await expect(running).rejects.toBe(reason);
  expect((await next).report.steps).toHaveLength(1);
  const thrown = new Error('no progress bar');
  const onProgress = () => {
    throw thrown;
  };
  await expect(pipe.verify(url, { onProgress })).rejects.toBe(thrown);
});
