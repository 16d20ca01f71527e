import type { DeviceHolder } from '../device.ts';
import type { NumericCheck, OpVariant, SizeClass, TunableOp } from './op.ts';
import {
  excluding,
  mergeRecords,
  missingClasses,
  readRecord,
  recordHead,
  recordKey,
  type TuningRecord,
} from './record.ts';
import { recall, remember, type TuningStore } from './store.ts';

/** One op on its way through the tuner: what was known, and what this load adds. */
export class TuningJob {
  readonly #compiled = new Set<string>();
  /** Variants by the check they passed in this load. */
  readonly #passed: ReadonlyMap<NumericCheck, Set<string>>;
  /** Variants that did not compile in this load. Why is not known, and the next may have more luck: it is not stored. */
  readonly #refused = new Set<string>();
  #changed = false;
  /** Classes decided by this load. */
  decidedNow = 0;

  private constructor(
    readonly op: TunableOp,
    private known: TuningRecord,
  ) {
    this.#passed = new Map(op.checks.map((check) => [check, new Set()]));
  }

  static async open(op: TunableOp, holder: DeviceHolder, store: TuningStore | undefined): Promise<TuningJob> {
    const head = await recordHead(holder, op);
    return new TuningJob(op, readRecord(await recall(store, recordKey(head)), head, op));
  }

  /** What this load goes by. */
  get record(): TuningRecord {
    return [...this.#refused].reduce(excluding, this.known);
  }

  get missing(): readonly SizeClass[] {
    return missingClasses(this.record, this.op);
  }

  /** Variants that have not failed here before. */
  get candidates(): readonly OpVariant[] {
    return this.#named((name) => this.record.checked[name] !== false);
  }

  /** Candidates that are compiled and have not been checked in this load. */
  get unchecked(): readonly OpVariant[] {
    return this.candidates.filter(({ name }) => this.#compiled.has(name) && !this.#isRight(name));
  }

  /** Variants that are compiled and compute what they should. */
  get usable(): readonly OpVariant[] {
    return this.candidates.filter(({ name }) => this.#compiled.has(name) && this.#isRight(name));
  }

  get excluded(): readonly OpVariant[] {
    return this.#named((name) => this.record.checked[name] === false);
  }

  /**
   * The checks that variants about to be used have not passed in this load.
   * @throws WebDiTError `numeric` when all variants failed.
   */
  get unproven(): readonly { readonly variant: OpVariant; readonly check: NumericCheck }[] {
    const used = new Set(this.op.inUse(this.record));
    return this.#named((name) => used.has(name)).flatMap((variant) =>
      this.op.checks
        .filter((check) => !this.#passed.get(check)?.has(variant.name))
        .map((check) => ({ variant, check })),
    );
  }

  compiled({ name }: OpVariant): void {
    this.#compiled.add(name);
  }

  refused({ name }: OpVariant): void {
    this.#refused.add(name);
  }

  checked({ name }: OpVariant, check: NumericCheck, passes: boolean): void {
    if (!passes) this.#learn(excluding(this.known, name));
    else {
      this.#passed.get(check)?.add(name);
      if (this.known.checked[name] === undefined) {
        this.#learn({ ...this.known, checked: { ...this.known.checked, [name]: true } });
      }
    }
  }

  decided({ key }: SizeClass, variant: string): void {
    this.decidedNow++;
    this.#learn({ ...this.known, decided: { ...this.known.decided, [key]: variant } });
  }

  postponed({ key }: SizeClass): void {
    const times = (this.known.postponed[key] ?? 0) + 1;
    this.#learn({ ...this.known, postponed: { ...this.known.postponed, [key]: times } });
  }

  /** Stores what this load found out, with what others may have stored since it began. */
  async save(store: TuningStore | undefined, ms: number): Promise<void> {
    if (!this.#changed) return;
    const key = recordKey(this.known);
    const stored = readRecord(await recall(store, key), this.known, this.op);
    this.known = { ...this.known, ms: stored.ms + ms };
    await remember(store, key, mergeRecords(stored, this.known));
  }

  #learn(known: TuningRecord): void {
    this.#changed = true;
    this.known = known;
  }

  #isRight(name: string): boolean {
    return this.#passed.get(this.op.checks[0])?.has(name) === true;
  }

  #named(keep: (name: string) => boolean): readonly OpVariant[] {
    return this.op.variants.filter(({ name }) => keep(name));
  }
}
