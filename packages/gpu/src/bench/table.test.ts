import { expect, test } from 'vitest';
import type { SweepRate } from './sweep.ts';
import { figures, percent, sweepSummary, sweepTable, tableText } from './table.ts';

test('three figures, whatever the size', () => {
  expect([12345.6, 123.4, 12.34, 1.234, 0.1234, 0.0001234, 0].map(figures)).toEqual([
    '12346',
    '123',
    '12.3',
    '1.23',
    '0.123',
    '0.000123',
    '0.00',
  ]);
  expect(figures(Number.NaN)).toBe('-');
  expect(percent(0.704)).toBe('70 %');
  expect(percent(Number.NaN)).toBe('-');
});

test('columns line up, text to the left and numbers to the right', () => {
  const text = tableText({
    title: 'T',
    header: ['op', 'ms'],
    textColumns: 1,
    rows: [
      ['a', '1'],
      ['long', '1000'],
    ],
  });
  expect(text.split('\n')).toEqual([
    'T',
    '',
    '| op   |   ms |',
    '| ---- | ---: |',
    '| a    |    1 |',
    '| long | 1000 |',
  ]);
});

test('the summary of a sweep holds the chosen variant, then the fastest kept one', () => {
  const rate = (variant: string, ms: number, roles: Partial<SweepRate>): SweepRate => ({
    variant,
    kept: false,
    chosen: false,
    baseline: false,
    ms,
    gflops: 10 / ms,
    share: 0.1,
    ofBest: 1 / ms,
    overBaseline: 8 / ms,
    relativeError: 0,
    ...roles,
  });
  const group = { op: 'matmul', shape: '1 x 2 x 3', format: 'f32', best: 'odd', notRun: ['subgroups'], failed: [] };
  const fast = rate('fast', 2, { kept: true });
  const rates = [
    rate('odd', 1, {}),
    fast,
    rate('slow', 4, { kept: true, chosen: true }),
    rate('first', 8, { baseline: true }),
  ];
  const result = { ...group, bestKept: fast, rates };
  expect(sweepSummary([result]).rows.map((row) => row.slice(1, 4))).toEqual([
    ['slow', 'kept, chosen', '4.00'],
    ['fast', 'kept', '2.00'],
  ]);
  expect(sweepSummary([result]).rows[1]?.slice(-2)).toEqual(['50 %', '4.00 x']);
  const both = { ...fast, chosen: true };
  expect(sweepSummary([{ ...group, bestKept: both, rates: [both] }]).rows).toHaveLength(1);
  const failed = { ...group, best: null, bestKept: null, rates: [], failed: [{ variant: 'odd', error: 'off by 1' }] };
  expect(sweepSummary([failed]).rows).toEqual([]);
  expect(sweepTable(failed).title).toContain('; odd failed: off by 1');
  expect(sweepTable(result).title).toBe('matmul 1 x 2 x 3, f32; 1 not run here');
  expect(sweepTable(result).rows.at(-1)?.slice(0, 2)).toEqual(['first', 'baseline']);
});
