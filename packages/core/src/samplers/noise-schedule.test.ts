import { expect, it } from 'vitest';
import { readJson } from '../testing/goldens.ts';
import { alphasCumprod, ditNoiseSchedule } from './noise-schedule.ts';

const goldens = readJson('goldens/schedulers/schedulers.json') as Record<string, Record<string, number>>;

// diffusers multiplies in f32; measured against our f64: 2.5e-7 relative (linear, t = 100), 7.8e-7 (scaled_linear, t = 500).
it.each([
  ['linear', 1e-4, 0.02],
  ['scaled_linear', 0.00085, 0.012],
] as const)('alpha-bar of %s betas equals diffusers', (betaSchedule, betaStart, betaEnd) => {
  const alphas = alphasCumprod({ betaSchedule, betaStart, betaEnd, trainSteps: 1000 });
  let worst = 0;
  for (const [t, expected] of Object.entries(goldens[`alphas_cumprod_${betaSchedule}`] as Record<string, number>)) {
    worst = Math.max(worst, Math.abs((alphas[Number(t)] as number) / expected - 1));
  }
  expect(worst).toBeLessThan(1.5e-6);
});

it('falls strictly from just under 1 to just over 0', () => {
  const alphas = alphasCumprod(ditNoiseSchedule);
  expect(alphas[0]).toBeCloseTo(0.9999, 12);
  for (let t = 1; t < alphas.length; t++) expect(alphas[t]).toBeLessThan(alphas[t - 1] as number);
  expect(alphas[999]).toBeGreaterThan(0);
});
