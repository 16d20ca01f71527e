import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { recordedResults } from './recorded-results.ts';

const row = { row: 'fora:2', psnr: 35, kinds: { full: { count: 25, ms: 9, gpuMs: 9 } } };
const comparison = {
  format: 'webdit-compare/1',
  command: 'webdit compare',
  date: '2026-11-23T09:00:00.000Z',
  machine: { runtime: 'Node 20' },
  settings: { adapter: 'llvmpipe', steps: 50, guidanceScale: 3 },
  rows: [row],
  measurements: [{ row: 'fora:2', seed: 0 }],
};
const study = {
  ...comparison,
  study: { ours: 'procache+', everyRow: 2, best: 1, tuning: [{ seed: 9, label: 9 }], report: [0, 1, 2] },
  standings: [{ ratio: 2, rows: [{ ...row, family: 'fora', sharedError: 0.05 }] }],
};

let folder = '';
let files: Parameters<typeof recordedResults>[0];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'webdit-recorded-'));
  files = {
    'virtual:recorded-results': join(folder, 'compare.json'),
    'virtual:recorded-study': join(folder, 'study.json'),
  };
  await writeFile(files['virtual:recorded-results'], JSON.stringify(comparison));
  await writeFile(files['virtual:recorded-study'], JSON.stringify(study));
});
afterAll(() => rm(folder, { recursive: true }));

/** The default export of a virtual module, as the bundler would have it. */
async function load(id: string, from = files) {
  const { resolveId, load } = recordedResults(from) as unknown as {
    resolveId(id: string): string | null;
    load(this: { addWatchFile(file: string): void }, id: string): Promise<string | null>;
  };
  const source = await load.call({ addWatchFile: vi.fn() }, resolveId(id) ?? id);
  return source === null ? null : JSON.parse(source.replace(/^export default /, '').replace(/;$/, ''));
}

it('gives the rows of a comparison without measurements and times of kinds', async () => {
  expect(await load('virtual:recorded-results')).toEqual({
    file: 'compare.json',
    command: 'webdit compare',
    date: '2026-11-23',
    runtime: 'Node 20',
    adapter: 'llvmpipe',
    steps: 50,
    guidance: 3,
    rows: [{ row: 'fora:2', psnr: 35 }],
  });
  expect(await load('other')).toBeNull();
});

it('gives the standings of a study', async () => {
  const recorded = await load('virtual:recorded-study');
  expect(recorded).toMatchObject({
    file: 'study.json',
    ours: 'procache+',
    everyRow: 2,
    best: 1,
    tuned: 1,
    reported: 3,
  });
  expect(recorded.standings).toEqual([
    { ratio: 2, rows: [{ row: 'fora:2', psnr: 35, family: 'fora', sharedError: 0.05 }] },
  ]);
  expect(recorded).not.toHaveProperty('measurements');
});

it('fails when a file is missing, or is no study', async () => {
  const absent = { ...files, 'virtual:recorded-study': join(folder, 'absent.json') };
  await expect(load('virtual:recorded-study', absent)).rejects.toThrow(/ENOENT.*absent\.json/);
  const wrong = { ...files, 'virtual:recorded-study': files['virtual:recorded-results'] };
  await expect(load('virtual:recorded-study', wrong)).rejects.toThrow('compare.json is no study');
});
