import { WebDiTError } from '../errors.ts';
import { fora } from './fora.ts';
import { none } from './none.ts';
import type { CachePolicy } from './policy.ts';
import { procache } from './procache.ts';

const policies = new Map<string, CachePolicy>([none, fora, procache].map((policy) => [policy.name, policy]));

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
