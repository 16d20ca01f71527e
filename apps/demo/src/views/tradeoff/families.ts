/** Policies that an interval between full steps sets. */
export const intervalFamilies = [
  { policy: 'fora', name: 'FORA' },
  { policy: 'toca', name: 'ToCa' },
  { policy: 'duca', name: 'DuCa' },
  { policy: 'delta-dit', name: 'Delta-DiT' },
  { policy: 'taylorseer', name: 'TaylorSeer' },
] as const;

/**
 * Policies that a threshold sets. The settings come to about 2, 3 and 4.5 times less arithmetic in 50 steps of emoji-dit, as far as
 * the policy gets. Calibrated ones run only where the model has a calibration for the steps.
 */
export const thresholdFamilies = [
  { policy: 'teacache', name: 'TeaCache', settings: ['t0.0375', 't0.066', 't0.105'], calibrated: false },
  { policy: 'dbcache', name: 'DBCache', settings: ['F1_t0.085_w1', 'F1_t0.165_w1', 'F1_t0.4_w1'], calibrated: false },
  { policy: 'smoothcache', name: 'SmoothCache', settings: ['a0.12', 'a0.25'], calibrated: true },
  {
    policy: 'magcache',
    name: 'MagCache',
    settings: ['t0.06_k2_r0.2', 't0.1_k3_r0.05', 't0.2_k5_r0.05'],
    calibrated: true,
  },
] as const;

/** Policies that take a schedule of the model folder, by its number of full steps. */
export const scheduleFamilies = [
  { policy: 'procache', name: 'ProCache' },
  { policy: 'procache+', name: 'ProCache+' },
] as const;

const families = [...intervalFamilies, ...thresholdFamilies, ...scheduleFamilies];

/** What a row of the trade-off belongs to: a curve of the chart. */
export type FamilyName = (typeof families)[number]['name'] | 'Uncached' | 'Fewer steps' | 'DPM-Solver++' | 'Other';

/** The family of a row, by its id. */
export function familyOf(row: string): FamilyName {
  if (row === 'none') return 'Uncached';
  if (row.startsWith('none at')) return / of dpmpp\b/.test(row) ? 'DPM-Solver++' : 'Fewer steps';
  return families.find(({ policy }) => policy === row.split(':')[0])?.name ?? 'Other';
}
