import { describe, expect, it } from 'vitest';
import type { RunPlan } from '../plan.ts';
import { ditXl2, pixArtXl2 } from '../published-models.ts';
import { chooseSampler, ditSampler } from '../samplers/sampler.ts';
import { checkPolicyPlan, checkRunPlan } from './check-plan.ts';
import type { Extent } from './check-steps.ts';
import { compileRunPlan, type RunOptions } from './compile.ts';
import { registerPolicy } from './registry.ts';

const run: Extent = { steps: 3, depth: 2, branches: ['attn', 'mlp'], tokens: 16, grid: { rows: 4, columns: 4 } };
/** The same run of a model with cross-attention, on a picture that is not square. */
const crossRun: Extent = { ...run, branches: ['attn', 'cross', 'mlp'], grid: { rows: 2, columns: 8 } };
const selection = { score: 'attention', staleness: null, bonus: null, shareCfg: false };
const full = { kind: 'full', storesCache: true, scoreLayers: [1] };
const selective = { kind: 'selective', mlpTokens: [0, 3] };
const stack = { first: 1, last: 2, keep: 'residual' };
const state = { first: 0, last: 2, keep: 'state' };
const steps = [full, { kind: 'reuse' }, selective];
const plan = { name: 'mine', derived: false, selection, steps };
const check = (change: object, of = run) => checkPolicyPlan('The cache policy "mine"', { ...plan, ...change }, of);

describe('checkPolicyPlan', () => {
  it('keeps the fields it knows, and nothing that could not cross to a worker', () => {
    expect(check({ note: () => {}, steps: [{ ...full, label: Symbol('x') }, ...steps.slice(1)] })).toEqual(plan);
  });

  it('stores only what is read', () => {
    const stores = { kind: 'full', storesCache: true };
    expect(check({ steps: [stores, stores, { kind: 'reuse' }] }).steps).toEqual([
      { kind: 'full' },
      stores,
      { kind: 'reuse' },
    ]);
    expect(check({ steps: [stores, stores, stores] }).steps).toEqual(Array(3).fill({ kind: 'full' }));
  });

  it.each([
    ['forecasts', [full, full, { kind: 'forecast', forecast: [[2, -1]] }]],
    [
      'predictions',
      [{ kind: 'full' }, { kind: 'full', predictions: [1.5, -0.5] }, { kind: 'forecast', predictions: [2, -1] }],
    ],
    ['forecasts of each branch', [full, full, { kind: 'forecast', forecast: [[1], [2, -1], [1], [1]] }]],
    ['attention and whole MLPs', [{ kind: 'full' }, full, { kind: 'selective', attnLayers: [0], mlpTokens: [16, 3] }]],
    [
      'skips',
      [
        { kind: 'full', stack },
        { kind: 'skip', stack },
        { kind: 'skip', stack },
      ],
    ],
    ['a state kept by a selective step', [full, { ...selective, stack: state }, { kind: 'skip', stack: state }]],
  ])('keeps %s', (_, given) => {
    expect(check({ steps: given }).steps).toEqual(given);
  });

  it.each([
    ['no name', { name: '' }, /sets name to ""/],
    ['nothing about derived', { derived: undefined }, /sets derived to nothing/],
    ['no selection field', { selection: undefined }, /selection is not an object/],
    ['half a selection', { selection: { score: 'attention' } }, /selection sets staleness to nothing/],
    ['a score of its own', { selection: { ...selection, score: 'luck' } }, /selection sets score to "luck"/],
    [
      'a window that does not fit',
      { selection: { ...selection, bonus: { window: 3, ratio: 1 } } },
      /bonus\.window to 3/,
    ],
    ['steps that are a pattern', { steps: '102' }, /sets steps to "102"/],
    ['a step that is a digit', { steps: [1, 0, 0] }, /step 0 is not an object/],
    ['a kind of its own', { steps: [full, full, { kind: 'guess' }] }, /step 2 sets kind to "guess"/],
    ['storesCache as text', { steps: [{ ...full, storesCache: 'yes' }, ...steps.slice(1)] }, /storesCache to "yes"/],
    ['a layer too many', { steps: [{ ...full, scoreLayers: [2] }, ...steps.slice(1)] }, /scoreLayers to \[2\]/],
    ['tokens too many', { steps: [full, full, { kind: 'selective', mlpTokens: [0, 17] }] }, /mlpTokens to \[0,17\]/],
    ['attention of no layer', { steps: [full, full, { kind: 'selective', attnLayers: [2] }] }, /attnLayers to \[2\]/],
    ['a sum of no predictions', { steps: [full, full, { kind: 'forecast', predictions: [] }] }, /predictions to \[\]/],
    ['a forecast of nothing', { steps: [full, full, { kind: 'forecast' }] }, /forecast to nothing/],
    [
      'weights of one branch',
      { steps: [full, full, { kind: 'forecast', forecast: [[1], [1]] }] },
      /forecast to \[\[1\],\[1\]\]/,
    ],
    [
      'a weight without a number',
      { steps: [full, full, { kind: 'forecast', forecast: [[Number.NaN]] }] },
      /sets forecast to \[null\]/,
    ],
    [
      'six weights',
      { steps: [full, full, { kind: 'forecast', forecast: [[1, 1, 1, 1, 1, 1]] }] },
      /sets forecast to \[1,1,1,1,1,1\]/,
    ],
    ['a skip of nothing', { steps: [full, full, { kind: 'skip' }] }, /stack to nothing/],
    [
      'a skip beyond the last block',
      { steps: [{ ...full, stack: { ...stack, last: 3 } }, full, full] },
      /first and last to \[1,3\]/,
    ],
    [
      'a state of some blocks',
      { steps: [{ ...full, stack: { ...stack, keep: 'state' } }, full, full] },
      /first and last to \[1,2\]/,
    ],
    ['a residual of a selective step', { steps: [full, full, { ...selective, stack }] }, /sets stack to/],
    ['tokens of one layer', { steps: [full, full, { kind: 'selective', mlpTokens: [3] }] }, /mlpTokens to \[3\]/],
  ])('refuses %s', (_, change, message) => {
    expect(() => check(change)).toThrow(
      expect.objectContaining({ code: 'bad-argument', message: expect.stringMatching(message) }),
    );
  });

  it.each([
    ['too few steps', { steps: [full] }, /plans 1 steps for a run of 3/],
    ['a cold start', { steps: [{ kind: 'reuse' }, full, full] }, /reads the cache at step 0/],
    ['a full step that stores nothing', { steps: [full, { kind: 'full' }, { kind: 'reuse' }] }, /cache at step 2/],
    ['a selective step without tokens', { steps: [full, full, { kind: 'selective' }] }, /recomputes no token/],
    ['a reuse step with some', { steps: [full, full, { kind: 'reuse', mlpTokens: [0, 1] }] }, /is a reuse step, but/],
    ['tokens without a selection', { selection: null }, /the plan has no selection/],
    [
      'predictions that are not there',
      { steps: [full, { kind: 'forecast', predictions: [2, -1] }, full] },
      /step 1 from the predictions of 2 full steps, but there are 1/,
    ],
    [
      'a forecast without a past',
      { steps: [full, { kind: 'forecast', forecast: [[2, -1]] }, full] },
      /from 2 full steps/,
    ],
    ['a skip of what nothing kept', { steps: [full, { kind: 'skip', stack }, full] }, /blocks 1 to 1 at step 1/],
    [
      'a skip of other blocks',
      { steps: [{ ...full, stack }, { kind: 'skip', stack: { ...stack, first: 0 } }, full] },
      /skips/,
    ],
    ['tokens nobody scored', { steps: [full, full, { kind: 'selective', mlpTokens: [1, 0] }] }, /tokens of layer 0/],
  ])('refuses %s', (_, change, message) => {
    expect(() => check(change)).toThrow(
      expect.objectContaining({ code: 'schedule-mismatch', message: expect.stringMatching(message) }),
    );
  });
});

describe('a plan for a model with cross-attention', () => {
  it.each([
    ['tokens of both branches', [full, { ...selective, crossTokens: [0, 2] }, selective]],
    ['tokens of cross-attention alone', [full, { kind: 'selective', crossTokens: [0, 2] }, { kind: 'reuse' }]],
    ['all of them, which nothing scores', [full, full, { kind: 'selective', crossTokens: [16, 16] }]],
    ['a step that only ages', [full, full, { kind: 'reuse', mlpTokens: [0, 0], crossTokens: [0, 0] }]],
    ['forecasts of each branch', [full, full, { kind: 'forecast', forecast: [[1], [2, -1], [1], [1], [1], [1]] }]],
  ])('keeps %s', (_, given) => {
    const of = { steps: given, selection: { ...selection, score: 'cross-entropy', bonus: { window: 2, ratio: 0.4 } } };
    expect(check(of, crossRun).steps).toMatchObject(given.map(({ kind, ...step }) => (kind === 'full' ? {} : step)));
    expect(check(of, crossRun).selection).toEqual(of.selection);
  });

  it.each([
    ['tokens too many', { steps: [full, full, { ...selective, crossTokens: [0, 17] }] }, /crossTokens to \[0,17\]/],
    ['tokens of one layer', { steps: [full, full, { ...selective, crossTokens: [2] }] }, /crossTokens to \[2\]/],
    [
      'forecasts of two branches',
      { steps: [full, full, { kind: 'forecast', forecast: [[1], [1], [1], [1]] }] },
      /forecast to \[\[1\],\[1\],\[1\],\[1\]\]/,
    ],
    ['a window of one side', { selection: { ...selection, bonus: { window: 4, ratio: 1 } } }, /bonus\.window to 4/],
    ['tokens nobody scored', { steps: [full, full, { kind: 'selective', crossTokens: [1, 0] }] }, /tokens of layer 0/],
    ['a reuse step with some', { steps: [full, full, { kind: 'reuse', crossTokens: [0, 1] }] }, /is a reuse step, but/],
  ])('refuses %s', (_, change, message) => {
    expect(() => check(change, crossRun)).toThrow(message);
  });

  it('is refused where the model has none', () => {
    const steps = [full, full, { ...selective, crossTokens: [0, 2] }];
    expect(() => check({ steps })).toThrow(
      expect.objectContaining({ remedy: 'Use no such list in a model without cross-attention.' }),
    );
    expect(() => check({ selection: { ...selection, score: 'cross-entropy' } })).toThrow(/score to "cross-entropy"/);
  });

  it('names the rows of the captions', () => {
    const text: RunOptions = { model: pixArtXl2, sampler: ditSampler, steps: 4, guidanceScale: 4, captionTokens: 9 };
    const compiled = compileRunPlan(text);
    expect(checkRunPlan(structuredClone(compiled), text)).toEqual(compiled);
    for (const labels of [[], [1], [0, 0], [0, 1, 2]]) {
      expect(() => checkRunPlan({ ...compiled, labels }, text)).toThrow(/sets labels to/);
    }
    for (const captionTokens of [undefined, 0, 121]) {
      expect(() => checkRunPlan({ ...compiled, captionTokens }, text)).toThrow(/sets captionTokens to/);
    }
  });
});

const options: RunOptions = { model: ditXl2, sampler: ditSampler, steps: 20, guidanceScale: 4, label: 7 };

describe('checkRunPlan', () => {
  it.each(['none', 'fora', 'procache', 'procache:paper'])('passes every plan it is given of %s', (cache) => {
    const compiled = compileRunPlan({ ...options, cache });
    expect(checkRunPlan(structuredClone(compiled), options)).toEqual(compiled);
  });

  it('passes timesteps that are not whole, and steps that take noise', () => {
    const euler = { kind: 'euler', spacing: 'flow', shift: 3, trainSteps: 1000 } as const;
    for (const sampler of [euler, chooseSampler('ddpm', ditSampler)]) {
      const compiled = compileRunPlan({ ...options, sampler });
      expect(checkRunPlan(structuredClone(compiled), { ...options, sampler })).toEqual(compiled);
    }
    expect(compileRunPlan({ ...options, sampler: euler }).steps[1]?.timestep).toBe(981.8745727539062);
  });

  const compiled = compileRunPlan(options);
  const step = compiled.steps[3] as RunPlan['steps'][number];
  it.each([
    ['another format', { format: 'webdit-plan/2' }, 'bad-argument'],
    ['another sampler', { sampler: 'ddim-leading' }, 'bad-argument'],
    ['steps of another run', { steps: compiled.steps.slice(1) }, 'schedule-mismatch'],
    ['steps out of order', { steps: compiled.steps.toSpliced(3, 1, { ...step, n: 4 }) }, 'bad-argument'],
    [
      'a timestep that is no number',
      { steps: compiled.steps.toSpliced(3, 1, { ...step, timestep: Number.NaN }) },
      'bad-argument',
    ],
    [
      'noise that is no number',
      { steps: compiled.steps.toSpliced(3, 1, { ...step, noise: Number.POSITIVE_INFINITY }) },
      'bad-argument',
    ],
    [
      'a first step that reads the x0 of a step before',
      { steps: compiled.steps.toSpliced(0, 1, { ...(compiled.steps[0] as RunPlan['steps'][number]), history: 0.1 }) },
      'bad-argument',
    ],
    ['guidance on no channel', { guidance: { scale: 4, channels: 0 } }, 'bad-argument'],
    ['infinite guidance', { guidance: { scale: Number.POSITIVE_INFINITY, channels: 3 } }, 'bad-argument'],
    ['no labels', { labels: [] }, 'bad-argument'],
    ['a label above the null class', { labels: [7, 1001] }, 'unknown-label'],
    ['a negative label', { labels: [-1] }, 'unknown-label'],
  ])('refuses %s', (_, change, code) => {
    expect(() => checkRunPlan({ ...compiled, ...change }, options)).toThrow(expect.objectContaining({ code }));
  });

  it('refuses what is no plan', () => {
    expect(() => checkRunPlan(null, options)).toThrow('The run plan is not an object.');
  });
});

describe('a policy that throws', () => {
  it('is named in one error, with what it threw as the cause', () => {
    const cause = new RangeError('no such layer');
    const fail = () => {
      throw cause;
    };
    registerPolicy({ name: 'broken', plan: fail, parse: fail });
    const expected = { code: 'bad-argument', message: 'The cache policy "broken" failed: no such layer.', cause };
    expect(() => compileRunPlan({ ...options, cache: 'broken' })).toThrow(expect.objectContaining(expected));
    expect(() => compileRunPlan({ ...options, cache: 'broken:2' })).toThrow(expect.objectContaining(expected));
  });
});
