import { describe, expect, it } from 'vitest';
import { comparePolicies } from './compare.ts';
import { type ComparePlan, comparePlan } from './compare-plan.ts';
import type { CompareState } from './comparison.ts';
import type { SavedFile } from './merge.ts';
import { mergeComparisons } from './merge-compare.ts';
import { mergeSearches } from './merge-search.ts';
import { makePairs } from './pipe.ts';
import { searchCandidates, searchSchedules, searchShard } from './search.ts';
import { type Shard, shardOf } from './shard.ts';
import { fakePipe } from './testing/fake-pipe.ts';

const refusal = (message: string, remedy = '') =>
  expect.objectContaining({ code: 'bad-argument', message, remedy: expect.stringContaining(remedy) });
const every = (count: number): Shard[] => Array.from({ length: count }, (_, index) => ({ index, count }));
const toFile = (path: string, content: object): SavedFile => ({ path, json: JSON.parse(JSON.stringify(content)) });

/** The files with the fields of one of them changed. */
function withChanged(files: readonly SavedFile[], index: number, changes: object): SavedFile[] {
  return files.map(({ path, json }, i) => ({ path, json: i === index ? { ...(json as object), ...changes } : json }));
}

const names = ['a.json', 'b.json', 'c.json'];

describe('mergeComparisons', () => {
  const rows = ['fora:4', { fewerSteps: 2 }];
  const pairs = makePairs(5, { numClasses: 10, firstSeed: 0 });
  const plan = comparePlan(rows, pairs);

  async function shards(count = 3): Promise<SavedFile[]> {
    const files = every(count).map(async (shard) => {
      const { state } = await comparePolicies(fakePipe(), { rows, pairs: shardOf(pairs, shard) });
      return toFile(names[shard.index] ?? 'd.json', { ...state, shard, plan });
    });
    return Promise.all(files);
  }
  const stateOf = (file: SavedFile | undefined) => file?.json as CompareState & { plan: ComparePlan };

  it('gives what one run gives, in whatever order the files and their measurements come', async () => {
    const whole = await comparePolicies(fakePipe(), { rows, pairs });
    const [a, b, c] = (await shards()) as [SavedFile, SavedFile, SavedFile];
    expect(mergeComparisons([a, b, c])).toEqual(whole);
    expect(mergeComparisons([c, a, b])).toEqual(whole);
    const reversed = withChanged([a, b, c], 1, { measurements: [...stateOf(b).measurements].reverse() });
    expect(mergeComparisons(reversed)).toEqual(whole);
    expect(mergeComparisons(await shards(1))).toEqual(whole);
    const order = whole.state.measurements.map(({ row, seed }) => `${row}/${seed}`);
    expect(order.slice(0, 4)).toEqual(['none/0', 'fora:4/0', 'none at 2 steps/0', 'none/1']);
  });

  it('names two files of one shard', async () => {
    const [a, b, c] = (await shards()) as [SavedFile, SavedFile, SavedFile];
    expect(() => mergeComparisons([a, b, { ...b, path: 'copy.json' }, c])).toThrow(
      refusal('b.json and copy.json are both shard 1/3.'),
    );
  });

  it('names the shards that are missing, and what to run', async () => {
    const [a, b, c] = (await shards()) as [SavedFile, SavedFile, SavedFile];
    expect(() => mergeComparisons([a, c])).toThrow(refusal('Shard 1/3 is missing.', 'with --shard 1/3 and'));
    expect(() => mergeComparisons([b])).toThrow(
      refusal('Shards 0/3, 2/3 are missing.', 'with --shard 0/3, then --shard 2/3 and'),
    );
    expect(() => mergeComparisons([])).toThrow(refusal('There is nothing to merge.'));
  });

  it('names what does not match', async () => {
    const files = await shards();
    const { settings, measurements } = stateOf(files[2]);
    const [two] = await shards(2);
    expect(() => mergeComparisons([two as SavedFile, files[1] as SavedFile])).toThrow(
      refusal('a.json is shard 0/2, but b.json is shard 1/3.'),
    );
    expect(() => mergeComparisons(withChanged(files, 2, { settings: { ...settings, adapter: 'Acme 2' } }))).toThrow(
      refusal('a.json has adapter "Acme 1", but c.json has "Acme 2".'),
    );
    expect(() => mergeComparisons(withChanged(files, 2, { settings: { ...settings, scheduler: 'dpmpp' } }))).toThrow(
      refusal('a.json has scheduler none, but c.json has "dpmpp".'),
    );
    expect(() => mergeComparisons(withChanged(files, 1, { plan: { ...plan, rows: ['none'] } }))).toThrow(
      refusal('a.json and b.json were planned with different rows.'),
    );
    expect(() => mergeComparisons(withChanged(files, 1, { plan: { ...plan, pairs: pairs.slice(1) } }))).toThrow(
      refusal('a.json and b.json were planned with different pairs.'),
    );
    const other = measurements.map((m) => (m.row === 'fora:4' ? { ...m, policy: 'fora_N5' } : m));
    expect(() => mergeComparisons(withChanged(files, 2, { measurements: other }))).toThrow(
      refusal(
        '"fora:4" means fora_N4, 4 steps of ddim-respaced in a.json, but fora_N5, 4 steps of ddim-respaced in c.json.',
      ),
    );
  });

  it('says how far an unfinished shard is, and how to go on', async () => {
    const files = await shards();
    const killed = withChanged(files, 1, { measurements: stateOf(files[1]).measurements.slice(0, 1) });
    expect(() => mergeComparisons(killed)).toThrow(
      refusal('b.json, shard 1/3, has measured 1 of 6.', 'with --shard 1/3 --resume b.json,'),
    );
  });

  it('refuses measurements of another shard, or one twice', async () => {
    const files = await shards();
    const [own, foreign] = [stateOf(files[1]).measurements, stateOf(files[0]).measurements];
    expect(() => mergeComparisons(withChanged(files, 1, { measurements: [...own, foreign[0]] }))).toThrow(
      refusal('b.json holds ["none",0,0], which is not its share.'),
    );
    expect(() => mergeComparisons(withChanged(files, 1, { measurements: [...own, own[0]] }))).toThrow(
      refusal('b.json holds ["none",1,6] twice.'),
    );
  });

  it('takes files of shards only', async () => {
    const files = await shards();
    const format = (message: string) => expect.objectContaining({ code: 'format', message });
    const { state } = await comparePolicies(fakePipe(), { rows, pairs });
    expect(() => mergeComparisons([toFile('whole.json', state)])).toThrow(
      format('whole.json is no shard: it was made without --shard.'),
    );
    for (const broken of [
      { plan: { rows: [], pairs } },
      { plan: { rows: ['none'] } },
      { shard: { index: 3, count: 3 } },
    ]) {
      expect(() => mergeComparisons(withChanged(files, 0, broken))).toThrow(
        format('a.json does not say what shard of what plan it is.'),
      );
    }
    expect(() => mergeComparisons(withChanged(files, 0, { format: 'webdit-search/1' }))).toThrow(
      format('a.json is not a saved comparison.'),
    );
  });
});

describe('mergeSearches', () => {
  const pairs = makePairs(2, { numClasses: 10, firstSeed: 1000 });
  const options = { steps: 12, budget: 4, reuseMin: 1, reuseMax: 5, pairs };
  const plan = { candidates: searchCandidates(options) };

  async function shards(count = 3): Promise<SavedFile[]> {
    const files = every(count).map(async (shard) =>
      toFile(names[shard.index] ?? 'd.json', { ...(await searchShard(fakePipe(), options, shard)), shard, plan }),
    );
    return Promise.all(files);
  }

  it('gives the state of one run, after which nothing is left to score', async () => {
    expect(plan.candidates.length).toBeGreaterThan(3);
    const whole = await searchSchedules(fakePipe(), options);
    const state = mergeSearches((await shards()).reverse());
    expect(state).toEqual(whole.state);
    expect(JSON.stringify(state)).toBe(JSON.stringify(whole.state));
    const pipe = fakePipe();
    expect(await searchSchedules(pipe, { ...options, state })).toEqual(whole);
    // The uncached pictures, and the winner with its selective steps.
    expect(pipe.calls).toHaveLength(2 * pairs.length);
  });

  it('names what does not match, overlaps, is missing or is not finished', async () => {
    const files = await shards();
    const [a, b, c] = files as [SavedFile, SavedFile, SavedFile];
    const { key, done } = b.json as { key: string; done: { pattern: string }[] };
    const guided = JSON.stringify({ ...JSON.parse(key), guidanceScale: 7 });
    expect(() => mergeSearches(withChanged(files, 1, { key: guided }))).toThrow(
      refusal('a.json has guidanceScale 3, but b.json has 7.'),
    );
    expect(() => mergeSearches(withChanged(files, 1, { key: 'mine' }))).toThrow(
      expect.objectContaining({ code: 'bad-argument' }),
    );
    const fewer = { candidates: plan.candidates.slice(1) };
    expect(() => mergeSearches(withChanged(files, 2, { plan: fewer }))).toThrow(
      refusal('a.json and c.json were planned with different candidates.'),
    );
    expect(() => mergeSearches([a, b, c, { ...a, path: 'copy.json' }])).toThrow(
      refusal('a.json and copy.json are both shard 0/3.'),
    );
    expect(() => mergeSearches([a, b])).toThrow(refusal('Shard 2/3 is missing.', '--shard 2/3'));
    expect(() => mergeSearches(withChanged(files, 1, { done: done.slice(1) }))).toThrow(
      refusal(`b.json, shard 1/3, has measured ${done.length - 1} of ${done.length}.`, '--resume b.json'),
    );
  });

  it('refuses more shards than candidates', async () => {
    const count = plan.candidates.length + 1;
    await expect(searchShard(fakePipe(), options, { index: 0, count })).rejects.toMatchObject({ code: 'bad-argument' });
  });
});
