import { describe, expect, it, vi } from 'vitest';
import { parseSearchState, type SearchProgress, type SearchState, searchSchedules } from './search.ts';

const candidates = ['1000', '1010', '1100', '1110'];
const scores: Record<string, number> = { '1000': 0.4, '1010': 0.1, '1100': 0.3, '1110': 0.1 };
const key = 'emoji-dit seeds 0,1';

describe('searchSchedules', () => {
  it('ranks by score, equal ones in the order of the candidates', async () => {
    const progress: SearchProgress[] = [];
    const result = await searchSchedules({
      candidates,
      key,
      score: async (pattern) => scores[pattern] as number,
      onProgress: (p) => void progress.push(p),
    });
    expect(result.ranked).toEqual([
      { pattern: '1010', score: 0.1 },
      { pattern: '1110', score: 0.1 },
      { pattern: '1100', score: 0.3 },
      { pattern: '1000', score: 0.4 },
    ]);
    expect(progress.map(({ done, total, best }) => [done, total, best.pattern])).toEqual([
      [1, 4, '1000'],
      [2, 4, '1010'],
      [3, 4, '1010'],
      [4, 4, '1010'],
    ]);
    expect(progress.at(-1)?.state).toEqual(result.state);
    expect(result.state).toEqual({
      format: 'webdit-search/1',
      key,
      done: candidates.map((pattern) => ({ pattern, score: scores[pattern] })),
    });
  });

  it('goes on from a saved state after an abort, scoring nothing twice', async () => {
    const controller = new AbortController();
    let saved: SearchState | undefined;
    const first = vi.fn(async (pattern: string) => scores[pattern] as number);
    const stopped = searchSchedules({
      candidates,
      key,
      score: first,
      signal: controller.signal,
      onProgress: ({ done, state }) => {
        saved = state;
        if (done === 2) controller.abort('enough');
      },
    });
    await expect(stopped).rejects.toBe('enough');
    expect(first.mock.calls.map(([pattern]) => pattern)).toEqual(['1000', '1010']);

    const state = parseSearchState(JSON.parse(JSON.stringify(saved)), 'state.json');
    const second = vi.fn(async (pattern: string) => scores[pattern] as number);
    const resumed = await searchSchedules({ candidates, key, score: second, state });
    expect(second.mock.calls.map(([pattern]) => pattern)).toEqual(['1100', '1110']);
    expect(resumed).toEqual(await searchSchedules({ candidates, key, score: (pattern) => scores[pattern] as number }));
  });

  it('drops a score that came in after the abort, and passes errors on', async () => {
    const controller = new AbortController();
    const onProgress = vi.fn();
    const score = async () => {
      controller.abort('late');
      return 1;
    };
    await expect(searchSchedules({ candidates, key, score, onProgress, signal: controller.signal })).rejects.toBe(
      'late',
    );
    expect(onProgress).not.toHaveBeenCalled();
    const lost = new Error('lost');
    await expect(searchSchedules({ candidates, key, score: () => Promise.reject(lost) })).rejects.toBe(lost);
  });

  it('keeps scores of other candidates in the state, but does not rank them', async () => {
    const state: SearchState = { format: 'webdit-search/1', key, done: [{ pattern: '1', score: 0 }] };
    const result = await searchSchedules({ candidates: ['10', '10'], key, score: () => 1, state });
    expect(result.ranked).toEqual([{ pattern: '10', score: 1 }]);
    expect(result.state.done).toHaveLength(2);
  });

  it('refuses no candidates, another search and scores that are no numbers', async () => {
    const score = () => 1;
    const state: SearchState = { format: 'webdit-search/1', key: 'other', done: [] };
    await expect(searchSchedules({ candidates: [], key, score })).rejects.toMatchObject({ code: 'bad-argument' });
    await expect(searchSchedules({ candidates, key, score, state })).rejects.toMatchObject({ code: 'bad-argument' });
    await expect(searchSchedules({ candidates, key, score: () => Number.NaN })).rejects.toMatchObject({
      code: 'numeric',
    });
  });
});

describe('parseSearchState', () => {
  it.each([
    null,
    {},
    { format: 'webdit-search/1', key, done: {} },
    { format: 'webdit-search/1', key: '', done: [] },
    { format: 'webdit-search/1', key, done: [], more: 1 },
    { format: 'webdit-search/1', key, done: [{ pattern: '01', score: 1 }] },
    { format: 'webdit-search/1', key, done: [{ pattern: '10', score: null }] },
    { format: 'webdit-search/1', key, done: [{ pattern: '10', score: 1, ms: 3 }] },
  ])('refuses %o', (json) => {
    expect(() => parseSearchState(json, 'state.json')).toThrow(expect.objectContaining({ code: 'format' }));
  });
});
