import { WebDiTError } from '../errors.ts';
import { dbcache } from './dbcache.ts';
import { deltaDit } from './delta-dit.ts';
import { duca } from './duca.ts';
import { fora } from './fora.ts';
import { magcache } from './magcache.ts';
import { none } from './none.ts';
import type { CachePolicy } from './policy.ts';
import { procache } from './procache.ts';
import { procachePlus } from './procache-plus.ts';
import { smoothcache } from './smoothcache.ts';
import { taylorseer } from './taylorseer.ts';
import { teacache } from './teacache.ts';
import { toca } from './toca.ts';

const policies = new Map<string, CachePolicy>(
  [none, fora, toca, duca, deltaDit, taylorseer, teacache, dbcache, smoothcache, magcache, procache, procachePlus].map(
    (policy) => [policy.name, policy],
  ),
);

/**
 * Makes a policy known by its name.
 *
 * @throws WebDiTError `bad-argument` when another policy has that name.
 */
export function registerPolicy(policy: CachePolicy): void {
  const existing = policies.get(policy.name);
  if (existing !== undefined && existing !== policy) {
    throw new WebDiTError(
      'bad-argument',
      `A cache policy named "${policy.name}" is registered already.`,
      'Give the new policy a name of its own.',
    );
  }
  policies.set(policy.name, policy);
}

/** Names of all registered policies. */
export function policyNames(): string[] {
  return [...policies.keys()];
}

/** @throws WebDiTError `unknown-policy`, with the names there are. */
export function getPolicy(name: string): CachePolicy {
  const policy = policies.get(name);
  if (policy === undefined) {
    throw new WebDiTError(
      'unknown-policy',
      `There is no cache policy named "${name}".`,
      `Use one of: ${policyNames().join(', ')}.`,
    );
  }
  return policy;
}
