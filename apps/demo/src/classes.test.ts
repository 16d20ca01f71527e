import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { type EmojiClass, findLabel, searchClasses } from './classes.ts';

const file = new URL('../../../models/emoji-dit/classes.json', import.meta.url);
const classes = JSON.parse(readFileSync(file, 'utf8')) as EmojiClass[];
const first = (query: string) => searchClasses(classes, query)[0]?.label;

it('finds by word, by start of a word, by tag and by emoji', () => {
  expect(first('pizza')).toBe('pizza');
  expect(first('butterf')).toBe('butterfly');
  expect(first('🍕')).toBe('pizza');
  expect(searchClasses(classes, 'happy').length).toBeGreaterThan(5);
});

it('wants every word, and puts names before tags', () => {
  const found = searchClasses(classes, 'cat eyes');
  expect(found.map((entry) => entry.label)).toContain('smiling cat with heart-eyes');
  expect(found.every((entry) => `${entry.label} ${entry.tags.join(' ')}`.includes('cat'))).toBe(true);
  const cats = searchClasses(classes, 'cat').map((entry) => entry.label);
  expect(cats[0]).toBe('cat');
});

it('shows everything for nothing, and nothing for nonsense', () => {
  expect(searchClasses(classes, '  ')).toHaveLength(1008);
  expect(searchClasses(classes, 'qqqqq')).toEqual([]);
});

it('resolves labels and emoji with or without the variation selector', () => {
  expect(findLabel(classes, 'Pizza')?.id).toBe(findLabel(classes, '🍕\ufe0f')?.id);
  expect(findLabel(classes, 'no such thing')).toBeUndefined();
});
