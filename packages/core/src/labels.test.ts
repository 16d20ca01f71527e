import { describe, expect, it } from 'vitest';
import { type ClassEntry, findClass } from './labels.ts';
import { readJson } from './testing/goldens.ts';

const emoji = readJson('models/emoji-dit/classes.json') as ClassEntry[];
const imagenet: ClassEntry[] = [
  { id: 0, label: 'tench, Tinca tinca' },
  { id: 207, label: 'golden retriever' },
  { id: 360, label: 'otter' },
];

describe('findClass', () => {
  it.each([
    [385, 'pizza'],
    ['385', 'pizza'],
    ['pizza', 'pizza'],
    [' Pizza ', 'pizza'],
    ['🍕', 'pizza'],
    ['\u{1F355}\uFE0F', 'pizza'],
    ['t-rex', 'T-Rex'],
    ['❄', 'snowflake'],
    ['❄️', 'snowflake'],
  ])('finds %j', (label, expected) => {
    expect(findClass(emoji, label).label).toBe(expected);
  });

  it('finds every class of the bundled model by id, name and emoji', () => {
    for (const entry of emoji) {
      expect(findClass(emoji, entry.id)).toBe(entry);
      expect(findClass(emoji, entry.label.toUpperCase())).toBe(entry);
      expect(findClass(emoji, entry.emoji as string)).toBe(entry);
    }
  });

  it('finds one of several names', () => {
    expect(findClass(imagenet, 'tinca TINCA').id).toBe(0);
  });

  it.each([
    ['piza', /Did you mean pizza/],
    ['retriever', /golden retriever/],
    ['butterfy', /butterfly/],
  ])('suggests near matches for %j', (label, remedy) => {
    expect(() => findClass([...emoji, ...imagenet], label)).toThrow(
      expect.objectContaining({ code: 'unknown-label', remedy: expect.stringMatching(remedy) }),
    );
  });

  it.each(['', 'qqqqqqqq', 1008, -1, 1.5, '-1', Number.NaN])('refuses %j without guessing', (label) => {
    expect(() => findClass(emoji, label)).toThrow(
      expect.objectContaining({ code: 'unknown-label', remedy: expect.stringContaining('Pass a class name') }),
    );
  });
});
