import type { DeviceHolder } from '../device.ts';
import type { OpVariant, SizeClass, TunableOp } from './op.ts';
import { missingClasses, readRecord, recordHead, recordKey, type TuningRecord } from './record.ts';
import { recall, remember, type TuningStore } from './store.ts';

/** One op on its way through the tuner: what was known, and what this load adds. */
export class TuningJob {
  readonly #compiled = new Set<string>();
  /** Classes decided by this load. */
  decidedNow = 0;

  private constructor(
    readonly op: TunableOp,
    private known: TuningRecord,
  ) {}

  static async open(op: TunableOp, { adapterInfo }: DeviceHolder, store: TuningStore | undefined): Promise<TuningJob> {
    const head = await recordHead(adapterInfo, op);
    return new TuningJob(op, readRecord(await recall(store, recordKey(head)), head, op));
  }

  get record(): TuningRecord {
    return this.known;
  }

  get missing(): readonly SizeClass[] {
    return missingClasses(this.known, this.op);
  }

  /** Variants that have not failed here before. */
  get candidates(): readonly OpVariant[] {
    return this.op.variants.filter(({ name }) => this.known.checked[name] !== false);
  }

  /** Variants that are compiled and not checked yet. */
  get unchecked(): readonly OpVariant[] {
    return this.op.variants.filter(({ name }) => this.#compiled.has(name) && this.known.checked[name] === undefined);
  }

  /** Variants that are compiled and compute what they should. */
  get usable(): readonly OpVariant[] {
    return this.op.variants.filter(({ name }) => this.#compiled.has(name) && this.known.checked[name] === true);
  }

  get excluded(): readonly OpVariant[] {
    return this.op.variants.filter(({ name }) => this.known.checked[name] === false);
  }

  compiled({ name }: OpVariant): void {
    this.#compiled.add(name);
  }

  checked({ name }: OpVariant, passes: boolean): void {
    this.known = { ...this.known, checked: { ...this.known.checked, [name]: passes } };
  }

  decided({ key }: SizeClass, variant: string): void {
    this.decidedNow++;
    this.known = { ...this.known, decided: { ...this.known.decided, [key]: variant } };
  }

  postponed({ key }: SizeClass): void {
    const times = (this.known.postponed[key] ?? 0) + 1;
    this.known = { ...this.known, postponed: { ...this.known.postponed, [key]: times } };
  }

  async save(store: TuningStore | undefined, ms: number): Promise<void> {
    this.known = { ...this.known, ms: this.known.ms + ms };
    await remember(store, recordKey(this.known), this.known);
  }
}
