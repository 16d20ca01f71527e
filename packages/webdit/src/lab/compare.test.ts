import { describe, expect, it } from 'vitest';
import { type CompareProgress, comparePolicies } from './compare.ts';
import { type CompareState, parseCompareState } from './comparison.ts';
import { compareTable } from './table.ts';
import { fakePipe } from './testing/fake-pipe.ts';

const alternate = { policy: 'procache', pattern: '1010' } as const;
const rows = ['none', 'fora:4', alternate, { fewerSteps: 2 }] as const;
const pairs = [
  { seed: 0, label: 3 },
  { seed: 1, label: 4 },
];
const names = (calls: readonly { cache: unknown; steps: number }[]) =>
  calls.map(({ cache, steps }) => `${typeof cache === 'string' ? cache : 'alternate'}/${steps}`);

describe('comparePolicies', () => {
  it('warms every row up, then lets rows take turns, another one first for each pair', async () => {
    const pipe = fakePipe();
    await comparePolicies(pipe, { rows, pairs });
    const warmUps = ['none/2', 'fora:4/4', 'alternate/4', 'none/2'];
    expect(names(pipe.calls)).toEqual([
      ...warmUps,
      ...['none/4', 'fora:4/4', 'alternate/4', 'none/2'],
      ...['fora:4/4', 'alternate/4', 'none/2', 'none/4'],
    ]);
    expect(pipe.calls.slice(4).map(({ seed, label }) => [seed, label])).toEqual([
      ...Array(4).fill([0, 3]),
      ...Array(4).fill([1, 4]),
    ]);
    expect(new Set(pipe.calls.map(({ guidanceScale }) => guidanceScale))).toEqual(new Set([3]));
  });

  it('reports medians of times, both FLOP ratios, and pictures held against the uncached ones', async () => {
    const { rows: summary } = await comparePolicies(fakePipe(), { rows, pairs, guidanceScale: 2 });
    // a full step takes 10 ms for the first pair and 20 for the second
    expect(summary.map(({ policy, steps, ms, latencyRatio }) => [policy, steps, ms, latencyRatio])).toEqual([
      ['none', 4, 60, 1],
      ['fora_N4', 4, (22 + 42) / 2, 60 / 32],
      ['procache_s2x2_plain', 4, (22 + 42) / 2, 60 / 32],
      ['none', 2, 30, 2],
    ]);
    const [none, fora, , half] = summary;
    expect([fora?.gpuMs, fora?.gpuLatencyRatio]).toEqual([16, 60 / 32]);
    expect(none?.flopRatio).toEqual({ executed: 1, published: 1 });
    expect(half?.flopRatio).toEqual({ executed: 2, published: 2 });
    // width 8, 4 tokens, 2 heads, 2 layers: a full step is 8NC^2 + 4NCM + 4N^2C + 5HN^2 + 27NC, every step C + 6C^2
    const every = 2 * (8 + 6 * 64);
    const full = every + 2 * (8 * 4 * 64 + 4 * 4 * 8 * 32 + 4 * 16 * 8 + 5 * 2 * 16 + 27 * 4 * 8);
    expect(fora?.flopRatio.published).toBeCloseTo((4 * full) / (2 * full + 2 * every), 12);
    expect(fora?.flopRatio.executed).toBeGreaterThan(1);
    expect(fora?.flopRatio.executed).not.toBeCloseTo(fora?.flopRatio.published ?? 0, 3);
    expect(fora?.latentError).toBeCloseTo(0.02, 6);
    // grey 102 against 100
    expect(fora?.psnr).toBeCloseTo(20 * Math.log10(255 / 2), 9);
    expect(fora?.ssim).toBeLessThan(1);
    expect([none?.psnr, none?.ssim, none?.latentError]).toEqual(['identical', 1, 0]);
    expect(fora?.kinds).toEqual({
      full: { count: 2, ms: 15, gpuMs: 7.5 },
      reuse: { count: 2, ms: 1, gpuMs: 0.5 },
    });
    expect(summary.map(({ peakGpuBytes }) => peakGpuBytes / 2 ** 20)).toEqual([1, 3, 3, 1]);
    expect(summary.map(({ pairs }) => pairs)).toEqual([2, 2, 2, 2]);
  });

  it('draws fewer steps of another sampler, and everything with one that is asked for', async () => {
    const pipe = fakePipe();
    const given = { rows: ['fora:4', { fewerSteps: 4, scheduler: 'dpmpp' }, { fewerSteps: 2 }], pairs } as const;
    const { rows: summary, state } = await comparePolicies(pipe, given);
    expect(summary.map(({ row, sampler }) => [row, sampler])).toEqual([
      ['none', 'ddim-respaced'],
      ['fora:4', 'ddim-respaced'],
      ['none at 4 steps of dpmpp', 'dpmpp-linspace'],
      ['none at 2 steps', 'ddim-respaced'],
    ]);
    expect(pipe.calls.filter(({ sampler }) => sampler === 'dpmpp-linspace').map(({ steps }) => steps)).toEqual([
      2, 4, 4,
    ]);
    const titles = compareTable(state.settings, summary).split('\n').slice(4);
    expect(titles.map((line) => line.split(' | ')[0])).toEqual([
      '| none',
      '| fora_N4',
      '| none, 4 steps of dpmpp-linspace',
      '| none, 2 steps',
    ]);

    const trailing = await comparePolicies(fakePipe(), { ...given, scheduler: 'ddim-trailing' });
    const samplers = ['ddim-trailing', 'ddim-trailing', 'dpmpp-linspace', 'ddim-trailing'];
    expect(trailing.rows.map(({ sampler }) => sampler)).toEqual(samplers);
    await expect(comparePolicies(fakePipe(), { ...given, state: trailing.state })).rejects.toMatchObject({
      code: 'bad-argument',
      message: 'The saved comparison has scheduler "ddim-trailing", this one of the model.',
    });
  });

  it('does without a VAE and without timestamps', async () => {
    const result = await comparePolicies(fakePipe({ vae: false, timestamps: false }), { rows: ['fora:2'], pairs });
    expect(
      result.rows.map(({ policy, psnr, ssim, gpuMs, gpuLatencyRatio }) => [policy, psnr, ssim, gpuMs, gpuLatencyRatio]),
    ).toEqual([
      ['none', null, null, null, null],
      ['fora_N2', null, null, null, null],
    ]);
    expect(result.rows[1]?.kinds.reuse).toEqual({ count: 1, ms: 1, gpuMs: null });
  });

  it('goes on from a saved state, and ends with the same as a run in one go', async () => {
    const whole = await comparePolicies(fakePipe(), { rows, pairs });
    for (let stop = 1; stop < 8; stop++) {
      const controller = new AbortController();
      let saved: CompareProgress | undefined;
      const stopped = comparePolicies(fakePipe(), {
        rows,
        pairs,
        signal: controller.signal,
        onProgress: (progress) => {
          saved = progress;
          if (progress.done === stop) controller.abort('enough');
        },
      });
      await expect(stopped).rejects.toBe('enough');
      const state = parseCompareState(JSON.parse(JSON.stringify(saved?.state)), 'state.json');
      const pipe = fakePipe();
      const resumed = await comparePolicies(pipe, { rows, pairs, state });
      expect(resumed.rows).toEqual(whole.rows);
      expect(resumed.state.measurements).toHaveLength(8);
    }
    const finished = fakePipe();
    await comparePolicies(finished, { rows, pairs, state: whole.state });
    expect(finished.calls).toEqual([]);
  });

  it('takes more rows and pairs than the saved state has, but not other settings or other meanings', async () => {
    const { state } = await comparePolicies(fakePipe(), { rows: ['fora:4'], pairs: pairs.slice(0, 1) });
    const more = await comparePolicies(fakePipe(), { rows, pairs, state });
    expect(more.state.measurements).toHaveLength(8);

    const again = (changed: CompareState, options = {}) =>
      comparePolicies(fakePipe(), { rows: ['fora:4'], pairs, state: changed, ...options });
    await expect(again(state, { steps: 5 })).rejects.toMatchObject({
      code: 'bad-argument',
      message: 'The saved comparison has steps 4, this one 5.',
    });
    const other = { ...state, measurements: state.measurements.map((m) => ({ ...m, policy: 'other' })) };
    await expect(again(other)).rejects.toMatchObject({ code: 'bad-argument', remedy: 'Start afresh.' });
    await expect(comparePolicies(fakePipe(), { rows, pairs: [] })).rejects.toMatchObject({ code: 'bad-argument' });
  });
});

it('parseCompareState refuses what no comparison wrote', async () => {
  const { state } = await comparePolicies(fakePipe(), { rows: ['none'], pairs });
  expect(parseCompareState(JSON.parse(JSON.stringify(state)), 'a.json')).toEqual(state);
  const earlier = { ...state, measurements: state.measurements.map(({ sampler: _, ...measurement }) => measurement) };
  expect(parseCompareState(earlier, 'a.json')).toEqual(earlier);
  const [first] = state.measurements;
  for (const bad of [
    null,
    [],
    { ...state, format: 'webdit-search/1' },
    { ...state, measurements: {} },
    { ...state, measurements: [{ ...first, ms: null }] },
    { ...state, measurements: [{ ...first, sampler: 3 }] },
    { ...state, measurements: [{ ...first, psnr: 'good' }] },
    { ...state, measurements: [{ ...first, kinds: { full: 3 } }] },
  ]) {
    expect(() => parseCompareState(bad, 'a.json')).toThrow(
      expect.objectContaining({ code: 'format', message: 'a.json is not a saved comparison.' }),
    );
  }
});

it('compareTable writes one line a row', async () => {
  const { rows: summary, state } = await comparePolicies(fakePipe(), { rows, pairs });
  const lines = compareTable(state.settings, summary).split('\n');
  expect(lines[0]).toBe('tiny, 4 steps, guidance 3, 2 pictures a row; Acme 1, f32.');
  expect(lines.slice(2, 4)).toEqual([
    '| policy | full / reuse | ms | latency | FLOPs executed | FLOPs published | PSNR dB | SSIM | latent error | GPU MiB | ms per step: full / reuse |',
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
  ]);
  expect(lines[4]).toBe(
    '| none | 4 / 0 | 60 | 1.00 x | 1.00 x | 1.00 x | identical | 1.0000 | 0.0000 | 1.0 | 7.5 / - |',
  );
  expect(lines[5]).toMatch(
    /^\| fora_N4 \| 2 \/ 2 \| 32 \| 1\.88 x \| \d\.\d\d x \| \d\.\d\d x \| 42\.11 \| 0\.99\d\d \| 0\.0200 \| 3\.0 \| 7\.5 \/ 0\.5 \|$/,
  );
  expect(lines[7]).toMatch(/^\| none, 2 steps \| 2 \/ 0 \| 30 \| 2\.00 x \|/);
  expect(lines).toHaveLength(8);
});
