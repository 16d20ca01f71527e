import type { CachePolicy, CacheSpec } from '@webdit/core';

/**
 * Policies of the user's own, by name. A worker does not know them: their runs are compiled on this thread, with code that a
 * page without any never downloads.
 */
const registered = new Map<string, CachePolicy>();

export function rememberPolicy(policy: CachePolicy): void {
  registered.set(policy.name, policy);
}

export function hasPagePolicies(): boolean {
  return registered.size > 0;
}

/** True for a cache setting whose policy came through `registerPolicy`. */
export function isRegisteredHere(cache: CacheSpec): boolean {
  // What follows ":" or "_" are settings.
  const name = typeof cache === 'string' ? cache.replace(/[:_].*$/s, '') : cache.policy;
  return registered.has(name);
}
