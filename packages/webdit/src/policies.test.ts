import { describe, expect, it } from 'vitest';
import { checkGenerate } from './arguments.ts';
import { isRegisteredHere } from './page-policies.ts';
import { registerPolicy } from './policies.ts';
import { testInfo } from './testing/info.ts';

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
    const check = (cache: string) => checkGenerate({ label: 1 }, { cache }, testInfo).cache;
    expect(() => check('mine')).toThrow(expect.objectContaining({ code: 'unknown-policy' }));
    const mine = { name: 'mine', plan };
    registerPolicy(mine);
    registerPolicy(mine);
    expect(check('mine')).toBe('mine');
    expect(isRegisteredHere('mine')).toBe(true);
    expect(isRegisteredHere({ policy: 'mine', interval: 2 })).toBe(true);
    expect(isRegisteredHere('procache:B11')).toBe(false);
    expect(() => check('yours')).toThrow(
      expect.objectContaining({ code: 'unknown-policy', remedy: 'Use one of: none, fora, procache, mine.' }),
    );
  });
});
