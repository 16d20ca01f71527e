import { expect, it } from 'vitest';
import type { CompareSummary } from 'webdit';
import { labelOffsets, type Point, paretoFront, pointsOf } from './points.ts';

const summary = (row: string, psnr: CompareSummary['psnr'], latencyRatio: number, executed: number) =>
  ({ row, psnr, latencyRatio, flopRatio: { executed, published: 0 }, steps: 25, policy: row }) as CompareSummary;

it('takes latency and FLOPs from their own columns, and leaves rows without pictures out', () => {
  const rows = [summary('none', 'identical', 1, 1), summary('fora:3', 33, 2.6, 2.8), summary('procache', null, 3, 3)];
  expect(pointsOf(rows, 'latency').map(({ row, speed }) => [row, speed])).toEqual([
    ['none', 1],
    ['fora:3', 2.6],
  ]);
  expect(pointsOf(rows, 'flops').map(({ speed }) => speed)).toEqual([1, 2.8]);
  expect(pointsOf(rows, 'latency')[0]?.quality).toBe(Number.POSITIVE_INFINITY);
});

it('names a point by what its family varies', () => {
  const rows = [
    'none',
    'none at 25 steps',
    'none at 25 steps of dpmpp',
    'fora:3',
    'teacache:t0.066',
    'procache:B17',
    'procache+:B11',
    'mine:2',
  ].map((row) => summary(row, 30, 2, 2));
  expect(pointsOf(rows, 'flops').map(({ family, title }) => `${family} ${title}`)).toEqual([
    'Uncached uncached',
    'Fewer steps 25 steps',
    'DPM-Solver++ 25 steps',
    'FORA N=3',
    'TeaCache t0.066',
    'ProCache B17',
    'ProCache+ B11',
    'Other N=2',
  ]);
});

it('draws the front through what nothing beats in both', () => {
  const point = (row: string, speed: number, quality: number): Point => ({
    ...{ row, speed, quality },
    family: 'Other',
    title: '',
  });
  const points = [
    point('uncached', 1, Number.POSITIVE_INFINITY),
    point('dominated', 2, 30),
    point('good', 2.5, 35),
    point('fast', 4, 28),
    point('as fast and worse', 4, 27),
  ];
  expect(paretoFront(points).map(({ row }) => row)).toEqual(['uncached', 'good', 'fast']);
  expect(paretoFront([])).toEqual([]);
});

it('puts a name below its point where one above would cover an earlier one', () => {
  expect(
    labelOffsets([
      { x: 100, y: 50 },
      { x: 120, y: 52 },
      { x: 300, y: 50 },
    ]),
  ).toEqual([-12, 22, -12]);
});
