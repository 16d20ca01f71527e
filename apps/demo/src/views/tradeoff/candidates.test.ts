import { describe, expect, it } from 'vitest';
import { rowId } from 'webdit';
import { getPolicy, policyNames } from '../../../../../packages/core/src/index.ts';
import { candidates, leftOut } from './candidates.ts';
import { familyOf } from './families.ts';
import { markOf } from './marks.ts';

const schedules = [
  ...[25, 17].map((budget) => ({ policy: 'procache', steps: 50, budget })),
  { policy: 'procache+', steps: 50, budget: 25 },
];
const all = candidates(50, { schedules, calibrations: [50] });

describe('candidates', () => {
  it('offers policies, budgets of the model’s schedules, and fewer steps, none of them twice', () => {
    expect(all).toEqual([
      { name: 'Fewer steps', rows: [{ fewerSteps: 25 }, { fewerSteps: 17 }, { fewerSteps: 11 }] },
      {
        name: 'DPM-Solver++',
        rows: [25, 17, 11].map((fewerSteps) => ({ fewerSteps, scheduler: 'dpmpp' })),
      },
      { name: 'FORA', rows: ['fora:2', 'fora:3', 'fora:5'] },
      { name: 'ToCa', rows: ['toca:2', 'toca:3', 'toca:5'] },
      { name: 'DuCa', rows: ['duca:2', 'duca:3', 'duca:5'] },
      { name: 'Delta-DiT', rows: ['delta-dit:2', 'delta-dit:3', 'delta-dit:5'] },
      { name: 'TaylorSeer', rows: ['taylorseer:2', 'taylorseer:3', 'taylorseer:5'] },
      { name: 'TeaCache', rows: ['teacache:t0.0375', 'teacache:t0.066', 'teacache:t0.105'] },
      { name: 'DBCache', rows: ['dbcache:F1_t0.085_w1', 'dbcache:F1_t0.165_w1', 'dbcache:F1_t0.4_w1'] },
      { name: 'SmoothCache', rows: ['smoothcache:a0.12', 'smoothcache:a0.25'] },
      { name: 'MagCache', rows: ['magcache:t0.06_k2_r0.2', 'magcache:t0.1_k3_r0.05', 'magcache:t0.2_k5_r0.05'] },
      { name: 'ProCache', rows: ['procache:B25', 'procache:B17'] },
      { name: 'ProCache+', rows: ['procache+:B25'] },
    ]);
  });

  it('takes the budgets that a curve wants when the folder has many', () => {
    const budgets = [26, 25, 24, 18, 17, 16, 11].map((budget) => ({ policy: 'procache+', steps: 50, budget }));
    const offered = candidates(50, { schedules: budgets, calibrations: [] }).find(({ name }) => name === 'ProCache+');
    expect(offered?.rows).toEqual(['procache+:B25', 'procache+:B17', 'procache+:B11']);
  });

  it('offers what a few steps leave, and nothing that needs a calibration for other steps', () => {
    const few = candidates(3, { schedules, calibrations: [50] });
    const rows = Object.fromEntries(few.map(({ name, rows }) => [name, rows]));
    expect(rows['Fewer steps']).toEqual([{ fewerSteps: 2 }, { fewerSteps: 1 }]);
    expect(rows['DPM-Solver++']).toHaveLength(2);
    for (const name of ['FORA', 'ToCa', 'DuCa', 'Delta-DiT', 'TaylorSeer']) expect(rows[name]).toHaveLength(1);
    expect(rows.TeaCache).toHaveLength(3);
    expect([rows.ProCache, rows['ProCache+']]).toEqual([['procache'], ['procache+']]);
    expect(Object.keys(rows)).not.toContain('SmoothCache');
    expect(Object.keys(rows)).not.toContain('MagCache');
  });

  it('has every policy of the registry, by settings that it reads, in the family that it is drawn as', () => {
    const policies = new Set<string>();
    for (const { name, rows } of all) {
      expect(rows.length, name).toBeGreaterThan(0);
      for (const row of rows) {
        expect(familyOf(rowId(row))).toBe(name);
        if (typeof row !== 'string') continue;
        const [policy = '', settings = ''] = row.split(':');
        expect(getPolicy(policy).parse?.(settings), row).toBeTypeOf('object');
        policies.add(policy);
      }
    }
    expect([...policies].sort()).toEqual(
      policyNames()
        .filter((name) => name !== 'none')
        .sort(),
    );
  });

  it('leaves out only what it offers', () => {
    expect(all.map(({ name }) => name)).toEqual(expect.arrayContaining([...leftOut]));
  });

  it('marks each family with a shape of its own', () => {
    const shapes = ['Uncached' as const, 'Other' as const, ...all.map(({ name }) => name)].map(
      (name) => markOf(name).path,
    );
    expect(new Set(shapes).size).toBe(shapes.length);
  });
});
