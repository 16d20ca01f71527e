import { expect, test } from 'vitest';
import type { ModelPlan, PolicyMemory } from 'webdit';
import type { ModelChoice } from './model-choice.ts';
import { downloadOf, loadsAtOnce, runsOf } from './planned-model.ts';

const runs = (fits: boolean): PolicyMemory[] =>
  ['none', 'procache'].map((cache) => ({ cache, activations: 6e6, kept: 2e6, total: 28e6, fits, refusal: null }));

const planOf = (weights: number, fits = true): ModelPlan => ({
  name: 'm',
  numInferenceSteps: 50,
  guidanceScale: 3,
  batch: 2,
  text: null,
  download: { weights, vae: 3e6 },
  adapter: null,
  limits: { maxBufferSize: 2 ** 28, maxStorageBufferBindingSize: 2 ** 27, memory: null },
  dtypes: [{ dtype: 'f16', weights: 20e6, loading: 25e6, decoder: 0, policies: runs(fits) }],
  notCounted: [],
});
const remote: ModelChoice = { key: 'https://a.test/m/', name: 'm', source: new URL('https://a.test/m/') };
const dropped: ModelChoice = { key: 'dropped:m', name: 'm', source: [] };

test('only what is large, or does not fit, is asked about', () => {
  expect(loadsAtOnce({ choice: remote, plan: planOf(97e6) })).toBe(true);
  expect(loadsAtOnce({ choice: remote, plan: planOf(97e6 + 1) })).toBe(false);
  expect(loadsAtOnce({ choice: remote, plan: planOf(1e6, false) })).toBe(false);
  // Nothing is downloaded of one's own files.
  expect(downloadOf({ choice: dropped, plan: planOf(1e9) })).toBe(0);
  expect(loadsAtOnce({ choice: dropped, plan: planOf(1e9) })).toBe(true);
});

test('a plan for other policies is a mistake', () => {
  expect(runsOf(planOf(1)).cached.cache).toBe('procache');
  expect(() => runsOf({ ...planOf(1), dtypes: [] })).toThrow(RangeError);
});
