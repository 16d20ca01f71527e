import { parseSearchState, type SearchProgress } from '@webdit/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { GenerateOptions } from '../types.ts';
import { type LabPipe, makePairs } from './pipe.ts';
import { searchSchedules } from './search.ts';
import { fakePipe } from './testing/fake-pipe.ts';

const space = { steps: 8, budget: 3, reuseMin: 1, reuseMax: 3 };
const pairs = [
  { seed: 0, label: 3 },
  { seed: 1, label: 4 },
];

/** Errors are 0.1 for each step of the longest segment, twice that with seed 1; selective steps take a tenth off. */
function scoringPipe(): LabPipe & { readonly patterns: string[] } {
  const pipe = fakePipe();
  const patterns: string[] = [];
  return {
    info: pipe.info,
    patterns,
    async generate(input, options: GenerateOptions<'imageData' | 'latent'>) {
      const result = await pipe.generate(input, options);
      const { cache } = options;
      const pattern = typeof cache === 'object' ? String((cache as { pattern: string }).pattern) : 'none';
      patterns.push(`${pattern}/${options.seed}`);
      const longest = Math.max(0, ...(pattern.match(/1[02]*/g) ?? []).map(({ length }) => length));
      const error =
        pattern === 'none' ? 0 : 0.1 * longest * (options.seed === 1 ? 2 : 1) - (pattern.includes('2') ? 0.1 : 0);
      return { ...result, latents: { data: Float32Array.of(1, 0, 0, error), shape: [1, 1, 2, 2] } };
    },
  };
}

function withSampler(pipe: LabPipe, sampler: string): LabPipe {
  return {
    info: pipe.info,
    async generate(input, options) {
      const result = await pipe.generate(input, options);
      return { ...result, report: { ...result.report, sampler } };
    },
  };
}

beforeEach(() => {
  vi.useFakeTimers({ now: new Date('2026-01-02T03:04:05Z') });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('searchSchedules', () => {
  it('searches for the sampler it is asked for', async () => {
    const pipe = fakePipe();
    const { schedule } = await searchSchedules(pipe, { ...space, pairs, scheduler: 'dpmpp' });
    expect(schedule.sampler).toBe('dpmpp-linspace');
    expect(new Set(pipe.calls.map(({ sampler }) => sampler))).toEqual(new Set(['dpmpp-linspace']));
  });

  it('scores plain patterns, injects the best, and says how it was found', async () => {
    const pipe = scoringPipe();
    const { schedule, ranked } = await searchSchedules(pipe, { ...space, pairs });
    expect(ranked.map(({ pattern }) => pattern)).toEqual(['10010010', '10001010']);
    expect(ranked[0]?.score).toBeCloseTo((0.3 + 0.6) / 2, 6);
    expect(ranked[1]?.score).toBeCloseTo((0.4 + 0.8) / 2, 6);
    expect(schedule).toEqual({
      format: 'webdit-schedule/1',
      policy: 'procache',
      mode: 'released',
      steps: 8,
      sampler: 'ddim-respaced',
      pattern: '10210210',
      found: {
        by: 'enumeration',
        space: { budget: 3, reuse: [1, 3], patterns: 2 },
        metric: 'mean relative error of the final latents against the uncached run',
        score: ranked[0]?.score,
        scoreWithSelective: expect.closeTo((0.2 + 0.5) / 2, 6),
        pairs,
        guidanceScale: 3,
        model: 'tiny',
        dtype: 'f32',
        adapter: 'Acme 1',
        date: '2026-01-02',
      },
    });
    // every uncached run once, however many candidates
    expect(pipe.patterns.filter((name) => name.startsWith('none'))).toEqual(['none/0', 'none/1']);
  });

  it('samples a space beyond the cap, and says so', async () => {
    const wide = { steps: 8, budget: 3, reuseMin: 0, reuseMax: 5, pairs, cap: 3, sampleSeed: 7 };
    const first = await searchSchedules(scoringPipe(), wide);
    expect(first.ranked).toHaveLength(3);
    expect(first.schedule.found).toMatchObject({
      by: 'sampling',
      space: { budget: 3, reuse: [0, 5], patterns: 5 },
      sample: { seed: 7, patterns: 3 },
    });
    expect((await searchSchedules(scoringPipe(), wide)).ranked).toEqual(first.ranked);
  });

  it('goes on from a saved state', async () => {
    const controller = new AbortController();
    let saved: SearchProgress | undefined;
    const stopped = searchSchedules(scoringPipe(), {
      ...space,
      pairs,
      signal: controller.signal,
      onProgress: (progress) => {
        saved = progress;
        controller.abort('enough');
      },
    });
    await expect(stopped).rejects.toBe('enough');
    const state = parseSearchState(JSON.parse(JSON.stringify(saved?.state)), 'state.json');
    const pipe = scoringPipe();
    const resumed = await searchSchedules(pipe, { ...space, pairs, state });
    expect(resumed).toEqual(await searchSchedules(scoringPipe(), { ...space, pairs }));
    expect(pipe.patterns.filter((name) => name.startsWith('10001010'))).toEqual([]);
  });

  it('refuses to go on with another mode, adapter or sampler', async () => {
    const { state } = await searchSchedules(scoringPipe(), { ...space, pairs });
    const pipe = scoringPipe();
    const adapter = { ...pipe.info.adapter, description: 'Acme 2' };
    const others: [LabPipe, object][] = [
      [scoringPipe(), { mode: 'paper' }],
      [{ ...pipe, info: { ...pipe.info, adapter } }, {}],
      [withSampler(pipe, 'ddim-leading'), {}],
    ];
    for (const [other, options] of others) {
      const resumed = searchSchedules(other, { ...space, pairs, state, ...options });
      await expect(resumed).rejects.toMatchObject({ code: 'bad-argument' });
    }
  });

  it('refuses no pairs, an empty space and the state of another search', async () => {
    const refused = [
      { ...space, pairs: [] },
      { ...space, budget: 7, pairs },
      { ...space, pairs, state: { format: 'webdit-search/1', key: 'other', done: [] } as const },
    ];
    for (const options of refused) {
      await expect(searchSchedules(scoringPipe(), options)).rejects.toMatchObject({ code: 'bad-argument' });
    }
  });
});

it('makePairs covers the classes evenly, and begins the same however many are asked for', () => {
  const from = { numClasses: 1008, firstSeed: 0 };
  const twenty = makePairs(20, from);
  expect(makePairs(5, from)).toEqual(twenty.slice(0, 5));
  expect(twenty.slice(0, 3)).toEqual([
    { seed: 0, label: 0 },
    { seed: 1, label: 622 },
    { seed: 2, label: 237 },
  ]);
  const labels = twenty.map(({ label }) => Number(label)).sort((a, b) => a - b);
  const gaps = labels.slice(1).map((label, i) => label - (labels[i] as number));
  expect(Math.max(...gaps)).toBeLessThan((2 * 1008) / 20);
  expect(makePairs(3, { ...from, firstSeed: 5, labels: ['🍕', 'cat'] })).toEqual([
    { seed: 5, label: '🍕' },
    { seed: 6, label: 'cat' },
    { seed: 7, label: '🍕' },
  ]);
});
