import { describe, expect, it } from 'vitest';
import { emptyCatalogue, labelFor } from './catalogue.ts';

describe('labelFor', () => {
  const classes = [
    { id: 0, label: 'cat', emoji: '🐈', tags: [] },
    { id: 1, label: 'pizza', emoji: '🍕', tags: [] },
  ];

  it('keeps a label that the model knows, else takes its first', () => {
    expect(labelFor({ ...emptyCatalogue, classes, numClasses: 2 }, 'Pizza')).toBe('Pizza');
    expect(labelFor({ ...emptyCatalogue, classes, numClasses: 2 }, '1')).toBe('cat');
  });

  it('takes ids where there are no names', () => {
    const unnamed = { ...emptyCatalogue, numClasses: 10 };
    expect(['9', '10', '-1', '1.5', '', 'pizza'].map((label) => labelFor(unnamed, label))).toEqual([
      '9',
      '0',
      '0',
      '0',
      '0',
      '0',
    ]);
  });
});
