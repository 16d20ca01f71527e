import { describe, expect, it } from 'vitest';
import { pagePlan } from './page-plan.ts';
import { registerPolicy } from './policies.ts';

const plan = () => ({ name: 'mine', derived: false, selection: null, steps: [] });

describe('registerPolicy', () => {
  it.each([
    [null, /needs a plan function/],
    [{ name: 'mine' }, /needs a plan function/],
    [{ plan }, /name of a cache policy is undefined/],
    [{ name: 'my policy', plan }, /is "my policy"/],
    [{ name: 'mine_2', plan }, /is "mine_2"/],
    [{ name: 'procache', plan }, /named "procache" is registered already/],
  ])('refuses %j', (policy, message) => {
    expect(() => registerPolicy(policy as never)).toThrow(
      expect.objectContaining({ code: 'bad-argument', message: expect.stringMatching(message) }),
    );
  });

  it('makes a name known to generate(), and to the list of those that are', () => {
    expect(() => pagePlan('mine')).toThrow(expect.objectContaining({ code: 'unknown-policy' }));
    const mine = { name: 'mine', plan };
    registerPolicy(mine);
    registerPolicy(mine);
    expect(pagePlan('mine')).toMatchObject({ cache: 'mine' });
    expect(pagePlan({ policy: 'mine', interval: 2 })).toMatchObject({ cache: 'mine' });
    expect(pagePlan('procache:B11')).toBeNull();
    expect(() => pagePlan('mine:2')).toThrow(expect.objectContaining({ code: 'bad-argument' }));
    expect(() => pagePlan('yours')).toThrow(
      expect.objectContaining({
        code: 'unknown-policy',
        remedy:
          'Use one of: none, fora, toca, duca, delta-dit, taylorseer, teacache, dbcache, smoothcache, magcache, procache, procache+, mine.',
      }),
    );
  });
});
