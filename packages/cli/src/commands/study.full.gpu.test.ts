import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { webdit } from '../testing/command.ts';

const { WEBDIT_ADAPTER: adapter = 'default' } = process.env;
const model = fileURLToPath(new URL('../../../../models/emoji-dit', import.meta.url));
const study = {
  format: 'webdit-study/1',
  steps: 8,
  guidanceScale: 2,
  ratios: [2],
  reach: 0.3,
  ours: 'procache+',
  grid: { 'procache+': ['procache+:B4'], fora: ['fora:2', 'fora:8'], 'fewer steps': [{ fewerSteps: 4 }] },
  tuning: [{ seed: 9, label: 1 }],
  report: [
    { seed: 1, label: 2 },
    { seed: 2, label: 3 },
  ],
  everyRow: 1,
  best: 1,
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'webdit-study-'));
  await writeFile(path('study.json'), JSON.stringify(study));
});
afterAll(() => rm(folder, { recursive: true }));

const path = (name: string) => join(folder, name);
const compare = (...args: string[]) =>
  webdit('compare', '--model', model, '--adapter', adapter, '--study', path('study.json'), ...args);
const readJson = async (name: string) => JSON.parse(await readFile(path(name), 'utf8'));

async function succeed(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await compare(...args);
  expect(code, stderr).toBe(0);
  return stdout;
}

/** What was measured of each picture, but for what a clock said. */
function errors({ measurements }: { measurements: { row: string; seed: number; latentError: number }[] }) {
  return measurements.map(({ row, seed, latentError }) => `${row} ${seed} ${latentError}`).sort();
}

it('chooses, judges and writes what came of it; stage by stage the same, and nothing twice', async () => {
  const files = ['--json', path('whole.json'), '--markdown', path('whole.md'), '--svg', path('whole.svg')];
  const printed = await succeed(...files);
  const whole = await readJson('whole.json');
  const [{ ratio, rows }] = whole.standings;
  expect([ratio, whole.standings.length]).toEqual([2, 1]);
  // fora:8 computes far less than half
  expect(rows.map(({ row }: { row: string }) => row).sort()).toEqual(['fora:2', 'none at 4 steps', 'procache+:B4']);
  for (const { row, flopRatio, sharedError, against } of rows) {
    expect(Math.abs(flopRatio.executed / 2 - 1), row).toBeLessThan(0.3);
    expect(sharedError, row).toBeGreaterThan(0.01);
    if (row === 'procache+:B4') expect(against).toBeNull();
    // fora:2 has 5 full steps of 8, and 4 steps are as many as B4 has
    const matched = row !== 'fora:2';
    if (row !== 'procache+:B4') {
      expect(against).toMatchObject({ row: 'procache+:B4', matched, difference: expect.any(Number) });
    }
  }
  // tune: 4 rows and the uncached; report: 3 and the uncached; final: the best rival, ours and the uncached on one more
  expect(whole.measurements).toHaveLength(5 + 4 + 3);
  expect(await readFile(path('whole.md'), 'utf8')).toContain('### FLOP ratio 2');
  expect(printed).toContain('| procache+ | procache+:B4 =');
  expect(await readFile(path('whole.svg'), 'utf8')).toMatch(/^<svg xmlns[\s\S]+<\/svg>\n$/);

  await succeed('--stage', 'tune', '--json', path('tune.json'));
  await succeed('--stage', 'report', '--from', path('tune.json'), '--json', path('report.json'));
  await succeed('--stage', 'final', '--from', path('tune.json'), '--json', path('final.json'));
  const from = ['tune', 'report', 'final'].map((stage) => path(`${stage}.json`)).join();
  await succeed('--from', from, '--json', path('staged.json'));
  const staged = await readJson('staged.json');
  expect(errors(staged)).toEqual(errors(whole));
  expect(
    staged.standings.map(({ rows }: { rows: { sharedError: number }[] }) => rows.map((row) => row.sharedError)),
  ).toEqual(whole.standings.map(({ rows }: { rows: { sharedError: number }[] }) => rows.map((row) => row.sharedError)));
});

it.each([
  [['--policies', 'none'], /--study already says what --policies would\. Leave out --policies\./],
  [['--stage', 'tuning'], /--stage is "tuning"\. Pass tune, report, final, or leave it out\./],
  [['--stage', 'final'], /The stage "final" has no rows: .+ Run the stage "tune" first/],
  [['--stage', 'tune', '--svg', 'x.svg'], /One stage has no picture\./],
  [['--shard', '0/2', '--json', 'x.json'], /A study is shared out stage by stage\. Add --stage/],
])('refuses %j', async (args, message) => {
  expect(await compare(...args)).toMatchObject({ code: 2, stderr: expect.stringMatching(message) });
});
