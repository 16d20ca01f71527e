import { describe, expect, it } from 'vitest';
import { checkSamePlan, checkSameShard, parseShard, printShard, shardOf, splitShard } from './shard.ts';

const badArgument = (message: string) => expect.objectContaining({ code: 'bad-argument', message });

describe('shardOf', () => {
  it.each([
    [7, 1],
    [7, 3],
    [8, 4],
    [5, 5],
  ])('shares %i items out among %i: each once, in order, parts of nearly one size', (items, count) => {
    const all = Array.from({ length: items }, (_, i) => i);
    const parts = Array.from({ length: count }, (_, index) => shardOf(all, { index, count }));
    expect(parts.flat().sort((a, b) => a - b)).toEqual(all);
    for (const part of parts) expect(part).toEqual([...part].sort((a, b) => a - b));
    const sizes = parts.map(({ length }) => length);
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
  });

  it('gives item k to shard k mod n', () => {
    expect(shardOf(['a', 'b', 'c', 'd', 'e'], { index: 1, count: 3 })).toEqual(['b', 'e']);
  });

  it('refuses shards that would have nothing to do, whichever asks', () => {
    for (const index of [0, 2]) {
      expect(() => shardOf(['a', 'b'], { index, count: 3 })).toThrow(
        badArgument('There are 3 shards, but only 2 pairs or candidates to share out.'),
      );
    }
  });
});

it('parseShard reads what printShard writes, and nothing else', () => {
  for (const text of ['0/1', '3/4', '31/32']) expect(printShard(parseShard(text))).toBe(text);
  for (const text of ['', '4/4', '-1/4', '1', '1/', '0/0', '1.5/4', ' 1/4', '1/4/4', '0x1/4']) {
    expect(() => parseShard(text)).toThrow(badArgument(`There is no shard "${text}".`));
  }
});

describe('a saved file', () => {
  it('is split into its header and the rest', () => {
    const shard = { index: 1, count: 4 };
    expect(splitShard({ shard, plan: { rows: [] }, done: 3 }, 'a.json')).toEqual({
      header: { shard, plan: { rows: [] } },
      rest: { done: 3 },
    });
    for (const whole of [{ done: 3 }, null, 'text', 7]) {
      expect(splitShard(whole, 'a.json')).toEqual({ header: undefined, rest: whole });
    }
    const broken = [
      { shard: null },
      { shard },
      { shard: { index: 4, count: 4 }, plan: {} },
      { shard: '1/4', plan: {} },
    ];
    for (const json of broken)
      expect(() => splitShard(json, 'a.json')).toThrow(expect.objectContaining({ code: 'format' }));
  });

  it('is gone on from by its own shard and its own plan only', () => {
    const [first, second] = [parseShard('0/2'), parseShard('1/2')];
    checkSameShard(first, { ...first }, 'a.json');
    checkSameShard(undefined, undefined, 'a.json');
    expect(() => checkSameShard(first, second, 'a.json')).toThrow(
      badArgument('a.json is of shard 0/2, this is shard 1/2.'),
    );
    expect(() => checkSameShard(first, undefined, 'a.json')).toThrow(
      badArgument('a.json is of shard 0/2, this is a run without shards.'),
    );
    expect(() => checkSameShard(undefined, first, 'a.json')).toThrow(
      badArgument('a.json is of a run without shards, this is shard 0/2.'),
    );
    checkSamePlan({ rows: ['none'] }, { rows: ['none'] }, 'a.json');
    expect(() => checkSamePlan({ rows: ['none'] }, { rows: ['fora:3'] }, 'a.json')).toThrow(
      badArgument('a.json was begun with other rows.'),
    );
  });
});
