import { type CachePolicy, type CacheSpec, policyOf } from '@webdit/core';

/** Policies of the user's own. A worker does not know them: their runs are compiled on this thread. */
const registered = new Set<CachePolicy>();

export function rememberPolicy(policy: CachePolicy): void {
  registered.add(policy);
}

/** True for a cache setting whose policy came through `registerPolicy`. */
export function isRegisteredHere(cache: CacheSpec): boolean {
  return registered.has(policyOf(cache));
}
