import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { describeModel, type ModelDescription, parseSchedule } from 'webdit';
import { pathSource } from 'webdit/node';
import { checkDraft, draftOf, draftOfCache, withPattern, withSettings, withStep, withSteps } from './draft.ts';

const folder = 'models/emoji-dit';
let model: ModelDescription;
beforeAll(async () => {
  model = await describeModel(pathSource(folder));
});
const found = () => {
  const path = `${folder}/schedules/procache-50-b13.json`;
  return parseSchedule(JSON.parse(readFileSync(path, 'utf8')), path);
};
const run = { steps: 8, guidance: 3, cache: 'none' };

describe('a draft', () => {
  it('begins as what a cache setting means for the model', () => {
    expect(draftOfCache(model, run).schedule.pattern).toBe('11111111');
    expect(draftOfCache(model, { ...run, cache: 'fora:3' }).schedule.pattern).toBe('11001001');
    const own = draftOfCache(model, { ...run, steps: 50, cache: 'procache:B13' });
    expect(own.schedule.pattern).toBe(found().pattern);
    expect(own.schedule).toMatchObject({ deepLayerStart: 6, tokenRatio: 0.07 });
    expect(() => draftOfCache(model, { ...run, cache: 'procash' })).toThrow(
      expect.objectContaining({ code: 'unknown-policy' }),
    );
  });

  it('has the limits of the search that found it, else its own', () => {
    expect(draftOf(found()).limits).toEqual({ budget: 13, reuseMin: 1, reuseMax: 4 });
    expect(draftOfCache(model, { ...run, cache: 'procache:s4x1.3x1.1x1' }).limits).toEqual({
      budget: 3,
      reuseMin: 0,
      reuseMax: 3,
    });
  });

  it('forgets how it was found once it is edited, and refuses a first step that is not full', () => {
    const draft = draftOf(found());
    const edited = withStep(draft, 1, '1');
    expect(edited.schedule.pattern).toBe(`11${found().pattern.slice(2)}`);
    expect(edited.schedule).not.toHaveProperty('found');
    expect(edited.limits).toEqual(draft.limits);
    expect(() => withStep(draft, 0, '0')).toThrow(/does not begin with a full step/);
  });

  it('keeps its share of full steps and its plainness over other numbers of steps', () => {
    const draft = draftOfCache(model, { ...run, steps: 50, cache: 'procache:B25' });
    const twenty = withSteps(draft, 20);
    expect(twenty.schedule).toMatchObject({ steps: 20, pattern: expect.stringMatching(/^[012]{20}$/) });
    expect(twenty.schedule.pattern.match(/1/g)).toHaveLength(10);
    // by way of 2 steps it is the same, and back it is what it was
    expect(withSteps(withSteps(draft, 2), 20)).toEqual(twenty);
    expect(withSteps(twenty, 50)).toBe(draft);
    const plain = withPattern(draft, '10010010');
    expect(withSteps(plain, 16).schedule.pattern).not.toContain('2');
    expect(() => withSteps(draft, 0)).toThrow(expect.objectContaining({ code: 'bad-argument' }));
  });

  it('takes the whole rule of a mode, and keeps the layer', () => {
    const draft = withSettings(draftOf({ ...found(), score: 'value-norm' }), { deepLayerStart: 5, tokenRatio: 0.2 });
    expect(draft.schedule).toMatchObject({ score: 'value-norm', deepLayerStart: 5, tokenRatio: 0.2 });
    const paper = withSettings(draft, { mode: 'paper' }).schedule;
    expect(paper).toMatchObject({ mode: 'paper', deepLayerStart: 5 });
    expect(Object.keys(paper)).not.toEqual(expect.arrayContaining(['score', 'tokenRatio']));
    expect(withSettings(draft, { tokenRatio: null }).schedule).not.toHaveProperty('tokenRatio');
  });
});

describe('checkDraft', () => {
  it('counts what the plan runs and names what the paper would not do', () => {
    const check = checkDraft(model, draftOfCache(model, { ...run, cache: 'fora:3' }), 3);
    expect(check.kinds).toEqual({ full: 4, reuse: 4, selective: 0 });
    expect(check.broken.map(({ constraint }) => constraint)).toEqual(['monotone']);
    expect(check.plan.policy).toBe('procache_s1x1.3x2.1x1_plain');
  });

  it('takes limits and a guidance that are being typed for none', () => {
    const draft = draftOf(found());
    const limits = { budget: Number.NaN, reuseMin: Number.NaN, reuseMax: Number.NaN };
    expect(checkDraft(model, { ...draft, limits }, Number.NaN)).toEqual(checkDraft(model, draft, 3));
  });

  it('refuses what the model cannot run', () => {
    const draft = withSettings(draftOf(found()), { deepLayerStart: 9 });
    expect(() => checkDraft(model, draft, 3)).toThrow(/recomputes from layer 9, but the model has 8 layers/);
    const other = draftOf({ ...found(), sampler: 'ddim-leading' });
    expect(() => checkDraft(model, other, 3)).toThrow(expect.objectContaining({ code: 'schedule-mismatch' }));
  });
});
