import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { FakePipeline } from '../testing/fake-pipeline.ts';
import { Pool } from './pool.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const hooks = { signal: new AbortController().signal, onProgress: () => {} };

it('shares by key, and frees a model some time after its last lease', async () => {
  const fake = new FakePipeline();
  const open = vi.fn(async () => fake.pipeline);
  const pool = new Pool(() => 5_000);
  const first = pool.acquire('m', open);
  const second = pool.acquire('m', open);
  expect(second.shared).toBe(first.shared);
  expect(pool.acquire('other', open).shared).not.toBe(first.shared);
  await first.shared.ready(hooks);
  first.release();
  first.release();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(fake.disposed).toBe(0);
  second.release();
  await vi.advanceTimersByTimeAsync(4_999);
  expect(fake.disposed).toBe(0);
  await vi.advanceTimersByTimeAsync(1);
  expect(fake.disposed).toBe(1);
  expect(pool.acquire('m', open).shared).not.toBe(first.shared);
});

it('keeps a model that somebody takes up again in time', async () => {
  const fake = new FakePipeline();
  const pool = new Pool(() => 5_000);
  const first = pool.acquire('m', async () => fake.pipeline);
  await first.shared.ready(hooks);
  first.release();
  await vi.advanceTimersByTimeAsync(4_000);
  const second = pool.acquire('m', async () => fake.pipeline);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(fake.disposed).toBe(0);
  second.release();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(fake.disposed).toBe(1);
});
