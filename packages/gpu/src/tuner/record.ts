import type { AdapterInfo, DeviceHolder } from '../device.ts';
import type { TunableOp } from './op.ts';
import { type DeviceTraits, deviceTraits } from './traits.ts';

export const recordFormat = 'webdit-tuning/1';

/** What is known about one op on one adapter. Plain data: it is stored. */
export interface TuningRecord {
  readonly format: typeof recordFormat;
  readonly adapter: AdapterInfo;
  readonly device: DeviceTraits;
  /** Browser and its version. */
  readonly agent: string;
  readonly op: string;
  /** Hash of the candidate kernels: other kernels are tuned anew. */
  readonly kernels: string;
  /** Variant by class of sizes. */
  readonly decided: Readonly<Record<string, string>>;
  /** Times the budget ended before a class was decided. */
  readonly postponed: Readonly<Record<string, number>>;
  /**
   * Latest outcome of the numeric checks by variant; those not checked yet are missing. A pass is no promise: drivers change, so
   * every load checks what it uses.
   */
  readonly checked: Readonly<Record<string, boolean>>;
  /** Milliseconds spent, all in all. */
  readonly ms: number;
}

/** Loads that may run out of time before a class is left to the static table for good. */
const maxPostponed = 3;

/** Whom a record is about, and which kernels. */
export type RecordHead = Pick<TuningRecord, 'format' | 'adapter' | 'device' | 'agent' | 'op' | 'kernels'>;

export async function recordHead(
  { adapterInfo: adapter, device }: Pick<DeviceHolder, 'adapterInfo' | 'device'>,
  op: TunableOp,
): Promise<RecordHead> {
  const agent = typeof navigator === 'undefined' ? 'node' : navigator.userAgent;
  return {
    format: recordFormat,
    adapter,
    device: deviceTraits(device),
    agent,
    op: op.name,
    kernels: await kernelsHash(op),
  };
}

/** The name a record is stored by. A new release finds the old one there, and replaces it. */
export function recordKey({ adapter, device, agent, op }: RecordHead): string {
  return JSON.stringify([recordFormat, op, agent, adapter, device]);
}

export function emptyRecord(head: RecordHead): TuningRecord {
  return { ...head, decided: {}, postponed: {}, checked: {}, ms: 0 };
}

/** Reads what a store gave. Anything that is not a record about this adapter and these kernels counts as none. */
export function readRecord(value: unknown, head: RecordHead, op: TunableOp): TuningRecord {
  const empty = emptyRecord(head);
  if (!isObject(value)) return empty;
  if ((['format', 'agent', 'op', 'kernels'] as const).some((key) => value[key] !== head[key])) return empty;
  if ((['adapter', 'device'] as const).some((key) => JSON.stringify(value[key]) !== JSON.stringify(head[key])))
    return empty;
  const known = new Set(op.variants.map(({ name }) => name));
  const checked = entries(value.checked, (ok, name) => typeof ok === 'boolean' && known.has(name)) as Record<
    string,
    boolean
  >;
  return {
    ...head,
    checked,
    // Only what passed the check may run, whatever else the record says.
    decided: entries(value.decided, (name) => checked[String(name)] === true) as Record<string, string>,
    postponed: entries(value.postponed, (n) => Number.isInteger(n) && (n as number) >= 0) as Record<string, number>,
    ms: typeof value.ms === 'number' && Number.isFinite(value.ms) ? value.ms : 0,
  };
}

/** The record without a variant: what was decided for it is open again. */
export function excluding(record: TuningRecord, variant: string): TuningRecord {
  return {
    ...record,
    checked: { ...record.checked, [variant]: false },
    decided: Object.fromEntries(Object.entries(record.decided).filter(([, name]) => name !== variant)),
  };
}

/** What two loads found out about the same kernels: all they decided, the later one's where both did, but nothing that failed in either. */
export function mergeRecords(earlier: TuningRecord, later: TuningRecord): TuningRecord {
  const postponed = { ...earlier.postponed };
  for (const [key, times] of Object.entries(later.postponed)) postponed[key] = Math.max(times, postponed[key] ?? 0);
  const merged = {
    ...later,
    decided: { ...earlier.decided, ...later.decided },
    checked: { ...earlier.checked, ...later.checked },
    postponed,
  };
  const failed = [earlier, later].flatMap(({ checked }) => Object.keys(checked).filter((name) => !checked[name]));
  return failed.reduce(excluding, merged);
}

/** The classes of an op that are neither decided nor given up. */
export function missingClasses({ decided, postponed }: TuningRecord, { classes }: TunableOp) {
  return classes.filter(({ key }) => decided[key] === undefined && (postponed[key] ?? 0) < maxPostponed);
}

async function kernelsHash({ variants }: TunableOp): Promise<string> {
  const text = variants.map(({ name, kernel }) => [name, kernel.source]);
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(JSON.stringify(text)));
  return Array.from(new Uint8Array(digest, 0, 16), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function entries(value: unknown, keep: (item: unknown, key: string) => boolean): Record<string, unknown> {
  return isObject(value) ? Object.fromEntries(Object.entries(value).filter(([key, item]) => keep(item, key))) : {};
}
