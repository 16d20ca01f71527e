import { describe, expect, it } from 'vitest';
import { isSchedule, parseSchedule, scheduleSettings, scheduleToJson } from './schedule.ts';

const json = {
  format: 'webdit-schedule/1',
  policy: 'procache',
  mode: 'released',
  steps: 7,
  sampler: 'ddim-respaced',
  pattern: '1020102',
  deepLayerStart: 21,
  tokenRatio: 0.07,
  ratioSchedule: 'toca-ddim50',
  score: 'attention',
  staleness: { weight: 0.25, period: 4 },
  bonus: { window: 2, ratio: 0.6 },
  shareCfg: false,
  found: { score: 0.031, seeds: [0, 1], labels: [5] },
};
const { format, policy, steps, sampler, pattern } = json;

describe('parseSchedule', () => {
  it('reads a schedule, and writes it back in the documented order', () => {
    const schedule = parseSchedule(json, 's.json');
    expect(isSchedule(schedule)).toBe(true);
    expect(JSON.stringify(scheduleToJson(schedule))).toBe(JSON.stringify(json));
    const { format: _f, policy: _p, steps: _s, sampler: _a, found: _o, ...settings } = json;
    expect(scheduleSettings(schedule)).toEqual(settings);
  });

  it('needs no more than what it applies to and the pattern', () => {
    const least = { format, policy, steps, sampler, pattern };
    const schedule = parseSchedule(least, 's.json');
    expect(scheduleToJson(schedule)).toEqual(least);
    expect(scheduleSettings(schedule)).toEqual({ pattern });
    expect(parseSchedule({ ...least, staleness: null, bonus: null }, 's.json')).toMatchObject({
      staleness: null,
      bonus: null,
    });
  });

  it.each([
    ['format', 'webdit-schedule/2'],
    ['policy', undefined],
    ['policy', ''],
    ['steps', 0],
    ['steps', 7.5],
    ['steps', '7'],
    ['steps', 8],
    ['sampler', 5],
    ['pattern', undefined],
    ['pattern', '0020102'],
    ['pattern', '1020103'],
    ['pattern', '102010'],
    ['pattern', [1, 0, 2, 0, 1, 0, 2]],
    ['mode', 'fast'],
    ['deepLayerStart', -1],
    ['deepLayerStart', 1.5],
    ['tokenRatio', 1.01],
    ['tokenRatio', -0.01],
    ['tokenRatio', Number.NaN],
    ['ratioSchedule', 'linear'],
    ['score', 'random'],
    ['staleness', 0.25],
    ['staleness', { weight: 0.25 }],
    ['staleness', { weight: -1, period: 4 }],
    ['staleness', { weight: 1, period: 0 }],
    ['bonus', { window: 1, ratio: 0.6 }],
    ['bonus', { window: 2, ratio: Number.POSITIVE_INFINITY }],
    ['shareCfg', 'yes'],
    ['shareCfg', null],
    ['found', 'by hand'],
  ])('refuses %s = %s, by name', (key, value) => {
    expect(() => parseSchedule({ ...json, [key]: value }, 'pizza.json')).toThrow(
      expect.objectContaining({
        code: 'format',
        message: expect.stringMatching(new RegExp(`^The schedule pizza\\.json.*(${key}|pattern)`)),
        remedy: expect.stringMatching(/\S/),
      }),
    );
  });

  it.each([
    [{ ...json, tokenRatios: 0.07 }, /"tokenRatios"/],
    [{ ...json, budget: 17 }, /"budget"/],
    [{ ...json, bonus: { window: 2, ratio: 0.6, shape: 'disc' } }, /bonus.*"shape"/],
  ])('refuses unknown keys by name', (bad, name) => {
    expect(() => parseSchedule(bad, 's.json')).toThrow(
      expect.objectContaining({ code: 'format', message: expect.stringMatching(name) }),
    );
  });

  it.each([null, [], 'procache', 5])('refuses what is no object: %s', (bad) => {
    expect(() => parseSchedule(bad, 's.json')).toThrow(expect.objectContaining({ code: 'format' }));
  });
});
