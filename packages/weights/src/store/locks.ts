/** A lock among all tabs of this origin: held until it is released, taken away, or its tab is gone. */
export interface Lease {
  /** Set once another tab has taken the lock away. */
  readonly lost: boolean;
  release(): void;
}

/** Only these of a LockManager. */
export type Locks = Pick<LockManager, 'request' | 'query'>;

/**
 * Takes a lock, or, unless it is to `wait`, gives null at once when another holds it. Where locks cannot be taken, as on pages
 * without an origin, every call gets one: there are no other tabs to heed.
 * @throws the signal's reason.
 */
export function takeLock(
  locks: Locks | undefined,
  name: string,
  { wait = false, signal }: { readonly wait?: boolean; readonly signal?: AbortSignal | undefined } = {},
): Promise<Lease | null> {
  let lost = false;
  let release = () => {};
  const lease: Lease = {
    get lost() {
      return lost;
    },
    release: () => release(),
  };
  if (!locks) return Promise.resolve(lease);
  return new Promise((resolve, reject) => {
    const hold = (lock: Lock | null) => {
      resolve(lock ? lease : null);
      return lock ? new Promise<void>((done) => (release = done)) : undefined;
    };
    const request = wait
      ? locks.request(name, signal ? { signal } : {}, hold)
      : locks.request(name, { ifAvailable: true }, hold);
    request.catch((error: unknown) => {
      // Once the lock was given, this is the news that it was taken away; before that, that there are no locks here.
      lost = true;
      if (signal?.aborted) reject(error);
      resolve({ lost: false, release() {} });
    });
  });
}

/** Takes every lock whose name begins so away from whoever holds it; their `lost` becomes true. */
export async function breakLocks(locks: Locks | undefined, prefix: string): Promise<void> {
  const held = await locks?.query().catch(() => null);
  const names = (held?.held ?? []).flatMap(({ name }) => (name?.startsWith(prefix) ? [name] : []));
  await Promise.all(names.map((name) => locks?.request(name, { steal: true }, () => undefined)));
}
