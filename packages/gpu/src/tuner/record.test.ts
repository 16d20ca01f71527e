import { expect, test } from 'vitest';
import type { TunableOp } from './op.ts';
import {
  emptyRecord,
  excluding,
  mergeRecords,
  missingClasses,
  readRecord,
  recordHead,
  recordKey,
  type TuningRecord,
} from './record.ts';

const adapter = { vendor: 'v', architecture: 'a', device: 'd', description: '', isFallback: false };
const limits = { maxComputeWorkgroupStorageSize: 16384, maxComputeInvocationsPerWorkgroup: 256, maxBindGroups: 4 };
const holderOf = (features: string[], adapterInfo = {}) => {
  const device = { features: new Set(features), limits, adapterInfo } as unknown as GPUDevice;
  return { adapterInfo: adapter, device };
};
const holder = holderOf(['subgroups', 'shader-f16'], { subgroupMinSize: 4 });

function opOf(...sources: string[]): TunableOp {
  return {
    name: 'matmul.f32',
    variants: sources.map((source, i) => ({ name: `v${i}`, kernel: { source } as TunableOp['variants'][0]['kernel'] })),
    classes: ['s', 'm', 'l'].map((key) => ({ key, incumbent: 'v0' }) as TunableOp['classes'][0]),
    checks: [{} as TunableOp['checks'][0]],
    inUse: () => [],
  };
}

const op = opOf('one', 'two', 'three');
const head = await recordHead(holder, op);
const record: TuningRecord = {
  ...head,
  decided: { s: 'v0', m: 'v1' },
  postponed: { l: 2 },
  checked: { v0: true, v1: true, v2: false },
  ms: 812,
};
const copy = () => JSON.parse(JSON.stringify(record)) as Record<string, unknown>;

test('reads back what it wrote', () => {
  expect(readRecord(copy(), head, op)).toEqual(record);
});

test('the key names adapter, browser and op; a release with other kernels finds the record and does not believe it', async () => {
  const other = await recordHead(holder, opOf('one', 'two', 'four'));
  expect(other.kernels).not.toBe(head.kernels);
  expect(recordKey(other)).toBe(recordKey(head));
  expect(readRecord(copy(), other, op)).toEqual(emptyRecord(other));
  expect(recordKey({ ...head, adapter: { ...adapter, device: 'e' } })).not.toBe(recordKey(head));
  expect(recordKey({ ...head, agent: 'next' })).not.toBe(recordKey(head));
  expect(recordKey({ ...head, op: 'matmul.f16' })).not.toBe(recordKey(head));
});

test('the key names the features and limits that kernels depend on', async () => {
  expect(head.device).toEqual({
    features: ['shader-f16', 'subgroups'],
    limits: { maxComputeWorkgroupStorageSize: 16384, maxComputeInvocationsPerWorkgroup: 256, subgroupMinSize: 4 },
  });
  const fewer = await recordHead(holderOf(['subgroups'], { subgroupMinSize: 4 }), op);
  const wider = await recordHead(holderOf(['subgroups', 'shader-f16'], { subgroupMinSize: 8 }), op);
  expect(new Set([head, fewer, wider].map(recordKey)).size).toBe(3);
  expect(readRecord(copy(), fewer, op)).toEqual(emptyRecord(fewer));
});

test('a variant that fails loses what was decided for it', () => {
  const { decided, checked } = excluding(record, 'v1');
  expect({ decided, checked }).toEqual({ decided: { s: 'v0' }, checked: { v0: true, v1: false, v2: false } });
});

test('two loads know all that either decided, and nothing that failed in either', () => {
  const other = {
    ...record,
    decided: { m: 'v0', l: 'v2' },
    postponed: { l: 1, x: 1 },
    checked: { v0: true, v2: true },
  };
  const merged = { ...record, decided: { s: 'v0', m: 'v0' }, postponed: { l: 2, x: 1 } };
  expect(mergeRecords(record, other)).toEqual(merged);
  expect(mergeRecords(other, record).decided).toEqual({ s: 'v0', m: 'v1' });
});

test.each([
  ['nothing', undefined],
  ['null', null],
  ['text', 'webdit-tuning/1'],
  ['a list', [record]],
  ['another format', { ...copy(), format: 'webdit-tuning/2' }],
  ['another adapter', { ...copy(), adapter: { ...adapter, vendor: 'w' } }],
  ['another browser', { ...copy(), agent: 'other' }],
  ['no fields', { ...head }],
  ['fields of other types', { ...head, decided: 3, postponed: ['s'], checked: 'v0', ms: 'long' }],
])('%s counts as no record', (_, value) => {
  expect(readRecord(value, head, op)).toEqual(emptyRecord(head));
});

test('drops decisions for variants that are unknown, unchecked or failed, and counts that are none', () => {
  const value = {
    ...copy(),
    decided: { s: 'v2', m: 'v9', l: 'v1', x: 1 },
    checked: { v0: 'yes', v1: true, v2: false, v9: true },
    postponed: { s: -1, m: 0.5, l: 1 },
  };
  expect(readRecord(value, head, op)).toEqual({
    ...record,
    decided: { l: 'v1' },
    checked: { v1: true, v2: false },
    postponed: { l: 1 },
  });
});

test('a class is missing until it is decided, or has been postponed three times', () => {
  const missing = (part: Partial<TuningRecord>) => missingClasses({ ...record, ...part }, op).map(({ key }) => key);
  expect(missing({})).toEqual(['l']);
  expect(missing({ postponed: { l: 3 } })).toEqual([]);
  expect(missing({ decided: {}, postponed: { s: 3 } })).toEqual(['m', 'l']);
});
