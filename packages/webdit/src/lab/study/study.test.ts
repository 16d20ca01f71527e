import { describe, expect, it } from 'vitest';
import type { CompareState } from '../comparison.ts';
import { fakePipe } from '../testing/fake-pipe.ts';
import { runStudy } from './run-study.ts';
import { chooseRows, stageOf } from './stages.ts';
import { studyStandings } from './standings.ts';
import { standingsPlot } from './standings-plot.ts';
import { standingsTable } from './standings-table.ts';
import { parseStudy } from './study.ts';

const file = {
  format: 'webdit-study/1',
  steps: 12,
  guidanceScale: 3,
  ratios: [2, 4],
  reach: 0.25,
  ours: 'procache+',
  grid: {
    'procache+': ['procache+:B6', 'procache+:B3'],
    fora: ['fora:2', 'fora:4'],
    'fewer steps': [{ fewerSteps: 6 }, { fewerSteps: 5 }, { fewerSteps: 3 }],
  },
  tuning: [{ seed: 5, label: 1 }],
  report: [2, 3, 4].map((label) => ({ seed: label, label })),
  everyRow: 2,
  best: 1,
};
const study = parseStudy(file, 'study.json');

describe('parseStudy', () => {
  const refusal = (change: object) => {
    try {
      parseStudy({ ...file, ...change }, 'study.json');
    } catch (error) {
      return (error as Error).message;
    }
    return undefined;
  };
  it.each([
    [{ format: 'webdit-compare/1' }, 'is not one'],
    [{ stpes: 12 }, 'sets "stpes"'],
    [{ everyRow: 0 }, 'sets everyRow to 0'],
    [{ everyRow: 4 }, 'reports on 3 pairs, not on 4'],
    [{ ours: 'teacache' }, 'has no settings of teacache'],
    [{ grid: { ...file.grid, again: ['fora:2'] } }, 'has fora:2 twice in its grid'],
    [{ tuning: [{ seed: 3, label: 9 }] }, 'both tunes and reports on seed 3'],
    [{ tuning: [{ seed: 9, label: 3 }] }, 'both tunes and reports on label 3'],
    [{ grid: { ...file.grid, wrong: ['forra:2'] } }, 'forra'],
  ])('refuses %j', (change, message) => expect(refusal(change)).toContain(message));
});

describe('a study', () => {
  it('tunes the grid, reports on what it chose, and draws the best of that on all pairs', async () => {
    const pipe = fakePipe();
    const measured: string[] = [];
    const state = await runStudy(pipe, study, {
      onProgress: ({ stage, latest }) => void measured.push(`${stage} ${latest.row} ${latest.seed}`),
    });
    const rows = (stage: string, seed: number) =>
      measured.filter((text) => text.startsWith(`${stage} `) && text.endsWith(` ${seed}`)).length;
    // seven settings and the uncached run
    expect(rows('tune', 5)).toBe(8);
    // at 2: fora:2, 6 steps (5 are as good here: the first wins) and B6; at 4: 3 steps and B3
    expect(chooseRows(study, state).map(({ rivals, ours }) => [rivals.length, ours.map(({ row }) => row)])).toEqual([
      [2, ['procache+:B6']],
      [1, ['procache+:B3']],
    ]);
    expect([rows('report', 2), rows('report', 3)]).toEqual([6, 6]);
    // the best rival of each ratio, both of ours, and the uncached run
    expect(rows('final', 4)).toBe(5);
    expect(rows('final', 2)).toBe(0);
    expect(measured).toHaveLength(new Set(measured.map((text) => text.replace(/^\w+ /, ''))).size);
  });

  it('goes on from a saved state, and has no stage without its forerunner', async () => {
    let saved: CompareState | undefined;
    const stop = async ({ stage, state }: { stage: string; state: CompareState }) => {
      if (stage === 'report') throw new Error('stopped');
      saved = state;
    };
    await expect(runStudy(fakePipe(), study, { onProgress: stop })).rejects.toThrow('stopped');
    const pipe = fakePipe();
    await runStudy(pipe, study, { state: saved });
    expect(new Set(pipe.calls.map(({ seed }) => seed))).toEqual(new Set([2, 3, 4]));
    expect(() => stageOf(study, 'final', undefined)).toThrow(
      expect.objectContaining({ code: 'bad-argument', remedy: 'Run the stage "tune" first and go on from its file.' }),
    );
    expect(stageOf(study, 'final', saved).pairs).toHaveLength(3);
  });
});

describe('standings', () => {
  /** A study's measurements made up: FLOPs and latent errors per row, pair by pair. */
  const rows: Readonly<Record<string, { readonly flops: number; readonly errors: readonly number[] }>> = {
    none: { flops: 120, errors: [0, 0, 0, 0] },
    'procache+:B6': { flops: 59.5, errors: [0.1, 0.1, 0.3, 0.2] },
    'procache+:B3': { flops: 28, errors: [0.5, 0.4, 0.4, 0.4] },
    'fora:2': { flops: 60, errors: [0.3, 0.2, 0.5] },
    'fora:4': { flops: 25, errors: [0.6, 0.3, 0.5] },
    'none at 6 steps': { flops: 62, errors: [0.4, 0.4, 0.2, 0.1] },
    'none at 5 steps': { flops: 58, errors: [0.5, 0.4, 0.2] },
  };
  const seeds = [5, 2, 3, 4];
  const state: CompareState = {
    format: 'webdit-compare/1',
    settings: { model: 'm', thread: 'page', adapter: 'a', dtype: 'f32', kernels: {}, steps: 12, guidanceScale: 3 },
    measurements: Object.entries(rows).flatMap(([row, { flops, errors }]) =>
      errors.map((latentError, i) => {
        const seed = seeds[i] as number;
        const label = study.report.find((pair) => pair.seed === seed)?.label ?? 1;
        const both = { executed: flops, published: flops };
        const picture = { psnr: 30, ssim: 0.9, latentError, peakGpuBytes: 2 ** 20 };
        const run = { policy: row, derived: false, steps: 12, ms: flops, gpuMs: null, flops: both, kinds: {} };
        return { row, seed, label, ...run, ...picture };
      }),
    ),
  };
  const standings = studyStandings(study, state);

  it('holds each rival against the row of ours that computes no more, pair by pair', () => {
    const [two, four] = standings;
    const of = (row: string) => two?.rows.find((standing) => standing.row === row)?.against;
    // 60 / 59.5 is within 2 %, 62 / 59.5 is not; 58 computes less than any of ours within reach
    expect(of('fora:2')).toMatchObject({ row: 'procache+:B6', matched: true, pairs: 2 });
    expect(of('fora:2')?.handicap).toBeCloseTo(60 / 59.5 - 1, 12);
    expect(of('fora:2')?.difference).toBeCloseTo((0.1 + 0.2) / 2, 12);
    expect(of('none at 6 steps')).toMatchObject({ row: 'procache+:B6', matched: false, pairs: 3 });
    expect(of('none at 6 steps')?.difference).toBeCloseTo((0.3 - 0.1 - 0.1) / 3, 12);
    expect(four?.rows.find(({ row }) => row === 'fora:4')?.against).toBeNull();
    expect(of('procache+:B6')).toBeNull();
  });

  it('holds a rival whose FLOPs depend on the picture against what it computed on the report pairs', () => {
    // 60 on the tuning pair, as before, but 30 on the others: faster than B6, which it was near to
    const measurements = state.measurements.map((m) =>
      m.row === 'fora:2' && m.seed !== 5 ? { ...m, flops: { executed: 30, published: 30 } } : m,
    );
    const [two] = studyStandings(study, { ...state, measurements });
    const fora = two?.rows.find(({ row }) => row === 'fora:2');
    expect(fora?.flopRatio.executed).toBe(4);
    expect(fora?.against).toBeNull();
  });

  it('chooses by the tuning pairs alone, and ranks on the pairs that every row was drawn on', () => {
    // 5 steps are better than 6 on the report pairs, but not on the tuning pair
    expect(standings[0]?.rows.map(({ row }) => row)).toEqual(['procache+:B6', 'none at 6 steps', 'fora:2']);
    expect(standings[0]?.rows.map(({ sharedError }) => sharedError.toFixed(3))).toEqual(['0.200', '0.300', '0.350']);
    expect(standings[0]?.rows[0]).toMatchObject({ pairs: 3, tuningError: 0.1, family: 'procache+' });
  });

  it('prints a table for each ratio and draws every row once', () => {
    const table = standingsTable(study, state.settings, standings);
    expect(table).toContain('### FLOP ratio 4');
    expect(table).toContain(
      '| none at 6 steps | 1.935 x | 0.3000 | 0.2333 (3) | procache+:B6, 4.2 % fewer FLOPs | +0.0333 (3) |',
    );
    const svg = standingsPlot(study, state.settings, standings);
    expect(svg.match(/<path d="[^"]+z" fill/g)).toHaveLength(5 + 3);
    expect(svg).not.toContain('NaN');
  });
});
