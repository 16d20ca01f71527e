import { expect, it } from 'vitest';
import { defaults, formatSettings, parseSettings } from './settings.ts';

it('survives the round trip through the address', () => {
  const settings = {
    label: 'hot dog & co',
    seed: 4294967295,
    steps: 20,
    guidance: 2.5,
    cache: 'procache:B17',
    modelUrl: 'https://models.test/dit xl/?v=1&w=2',
  };
  expect(parseSettings(formatSettings(settings))).toEqual(settings);
  expect(formatSettings({ ...settings, modelUrl: '' })).not.toContain('model');
});

it('fills in what a link leaves out', () => {
  expect(parseSettings('')).toEqual(defaults);
  expect(parseSettings('seed=7')).toEqual({ ...defaults, seed: 7 });
});

it('keeps a wrong number wrong instead of guessing', () => {
  expect(parseSettings('steps=many').steps).toBeNaN();
  expect(parseSettings('guidance=').guidance).toBeNaN();
});
