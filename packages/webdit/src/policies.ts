import { type CachePolicy, registerPolicy as makeKnown } from '@webdit/core';
import { badArgument, show } from './check-values.ts';
import { rememberPolicy } from './page-policies.ts';

/**
 * Makes a static cache policy known by its name, to every pipeline of this page: `generate(…, { cache: 'mine' })`. It plans
 * each run on this thread, before step 0, and the plan crosses to the worker as plain data.
 * @example
 * registerPolicy({
 *   name: 'every-other',
 *   plan: ({ steps }) => ({
 *     name: 'every-other',
 *     derived: false,
 *     selection: null,
 *     steps: Array.from({ length: steps }, (_, n) => (n % 2 ? { kind: 'reuse' } : { kind: 'full', storesCache: true })),
 *   }),
 * });
 * @throws WebDiTError `bad-argument` for something that is no policy, or a name that another policy has.
 */
export function registerPolicy(policy: CachePolicy): void {
  if (typeof policy !== 'object' || policy === null || typeof policy.plan !== 'function') {
    throw badArgument(
      'A cache policy needs a plan function.',
      "Give an object such as { name: 'mine', plan(run) { … } }.",
    );
  }
  // What follows ":" or "_" are settings, as in fora:3 and fora_N3.
  if (typeof policy.name !== 'string' || !/^[^\s:_]+$/.test(policy.name)) {
    throw badArgument(
      `The name of a cache policy is ${show(policy.name)}.`,
      'Give it a name without spaces, colons and underscores.',
    );
  }
  makeKnown(policy);
  rememberPolicy(policy);
}
