import type { LoadHooks } from './shared-load.ts';
import { type Pipeline, SharedPipeline } from './shared-pipeline.ts';

/** A share in a model. The model is freed some time after its last share has been released. */
export interface Lease {
  readonly key: string;
  readonly shared: SharedPipeline;
  /** Calling it twice is fine. */
  release(): void;
}

interface Entry {
  readonly shared: SharedPipeline;
  leases: number;
  expiry: ReturnType<typeof setTimeout> | undefined;
}

/** Models by key, each held by as many as share it. */
export class Pool {
  private readonly entries = new Map<string, Entry>();

  /** @param keepAlive milliseconds that a model outlives its last lease. */
  constructor(private readonly keepAlive: () => number) {}

  /** A share in the model called `key`; `open` loads it when someone needs it and it is not there. */
  acquire(key: string, open: (hooks: LoadHooks) => Promise<Pipeline>): Lease {
    const entry = this.entries.get(key) ?? { shared: new SharedPipeline(open), leases: 0, expiry: undefined };
    this.entries.set(key, entry);
    clearTimeout(entry.expiry);
    entry.leases++;
    let held = true;
    const release = () => {
      if (!held) return;
      held = false;
      entry.leases--;
      if (entry.leases === 0) entry.expiry = setTimeout(() => this.expire(key, entry), this.keepAlive());
    };
    return { key, shared: entry.shared, release };
  }

  private expire(key: string, entry: Entry): void {
    this.entries.delete(key);
    // A worker that has crashed cannot say goodbye, and nobody is left to be told.
    entry.shared.dispose().catch(() => {});
  }
}
