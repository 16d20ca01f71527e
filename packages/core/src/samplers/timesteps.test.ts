import { describe, expect, it } from 'vitest';
import { readJson } from '../testing/goldens.ts';
import { ddimTimesteps, roundHalfToEven, type TimestepSpacing, timestepSpacings } from './timesteps.ts';

const schedulers = readJson('goldens/schedulers/schedulers.json') as Record<string, number[]>;

interface SampleCase {
  name: string;
  type: string;
  spacing: TimestepSpacing;
  timesteps: number[];
}

function sampleCases(folder: string): SampleCase[] {
  const { cases } = readJson(`goldens/${folder}/golden.json`) as { cases: SampleCase[] };
  return cases.filter(({ type }) => type === 'sample');
}

describe('ddimTimesteps', () => {
  const names = Object.keys(schedulers).filter((name) => name.startsWith('ddim_'));

  it('has goldens to meet', () => {
    expect(names).toHaveLength(15);
  });

  it.each(names)('equals diffusers: %s', (name) => {
    const [, spacing, steps] = name.split('_') as [string, TimestepSpacing, string];
    expect(ddimTimesteps(spacing, Number(steps), 1000)).toEqual(schedulers[name]);
  });

  it.each(['dit-original-tiny', 'dit-diffusers-tiny', 'emoji-dit', 'procache-28-tiny'])(
    'equals the golden runs: %s',
    (folder) => {
      const cases = sampleCases(folder);
      expect(cases.length).toBeGreaterThan(0);
      for (const { spacing, timesteps } of cases) {
        expect(ddimTimesteps(spacing, timesteps.length, 1000)).toEqual(timesteps);
      }
    },
  );

  it('is strictly descending within the training range for every spacing and count', () => {
    for (const spacing of timestepSpacings) {
      for (let steps = 1; steps <= 1000; steps++) {
        const timesteps = ddimTimesteps(spacing, steps, 1000);
        const valid = timesteps.every((t, i) => t >= 0 && t < 1000 && (i === 0 || t < (timesteps[i - 1] as number)));
        if (!valid || timesteps.length !== steps) expect.fail(`${spacing} ${steps}: ${timesteps}`);
      }
    }
  });

  it('starts the single respaced step at the noisiest timestep', () => {
    expect(ddimTimesteps('respaced', 1, 1000)).toEqual([999]);
  });

  it('adds the offset to leading spacing and refuses to leave the range', () => {
    expect(ddimTimesteps('leading', 4, 1000, 1)).toEqual([751, 501, 251, 1]);
    expect(() => ddimTimesteps('leading', 1000, 1000, 1)).toThrow(expect.objectContaining({ code: 'bad-argument' }));
  });

  it.each([0, -1, 1001, 2.5, Number.NaN, Number.POSITIVE_INFINITY])('refuses %s steps', (steps) => {
    expect(() => ddimTimesteps('respaced', steps, 1000)).toThrow(expect.objectContaining({ code: 'bad-argument' }));
  });
});

it.each([
  [0.5, 0],
  [1.5, 2],
  [2.5, 2],
  [499.5, 500],
  [2.4999, 2],
  [2.5001, 3],
])('rounds %s to %s', (value, expected) => {
  expect(roundHalfToEven(value)).toBe(expected);
});
