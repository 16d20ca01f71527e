import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { run } from '../run.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'webdit-merge-'));
});
afterEach(() => rm(folder, { recursive: true }));

const plan = {
  rows: ['none'],
  pairs: [
    { seed: 0, label: 0 },
    { seed: 1, label: 6 },
  ],
};

/** What `webdit compare --policies none --pairs 2 --shard <index>/2` writes, on a machine of its own. */
function shard(index: number) {
  const measurement = {
    row: 'none',
    ...plan.pairs[index],
    policy: 'none',
    derived: false,
    sampler: 'ddim-respaced',
    steps: 2,
    ms: 10 + 20 * index,
    gpuMs: null,
    flops: { executed: 8, published: 9 },
    kinds: { full: { ms: [5, 5], gpuMs: null } },
    latentError: 0,
    psnr: null,
    ssim: null,
    peakGpuBytes: 2 ** 20,
  };
  return {
    format: 'webdit-compare/1',
    command: `webdit compare --shard ${index}/2`,
    date: '2026-01-02T03:04:05.678Z',
    machine: { cpu: `Acme ${index}`, cores: 4 - index, runtime: 'Node 20.0.0' },
    settings: { model: 'tiny', adapter: 'Acme', dtype: 'f32', thread: 'page', kernels: {}, steps: 2, guidanceScale: 3 },
    shard: { index, count: 2 },
    plan,
    measurements: [measurement],
  };
}

const path = (name: string) => join(folder, name);
const save = (name: string, json: unknown) => writeFile(path(name), JSON.stringify(json));

async function merge(...args: string[]) {
  const lines: string[] = [];
  const errors: string[] = [];
  const output = { line: (text: string) => lines.push(text), progress: () => {} };
  const code = await run(['merge', ...args, '--json', path('all.json')], output, (text) => errors.push(text));
  return { code, lines, errors };
}

it('writes the file and the table of a comparison without shards, and says who measured what', async () => {
  await save('0.json', shard(0));
  await save('1.json', shard(1));
  const files = [path('0.json'), path('1.json')];
  const { code, lines, errors } = await merge(...files, '--markdown', path('all.md'));
  expect({ code, errors }).toEqual({ code: 0, errors: [] });
  const merged = JSON.parse(await readFile(path('all.json'), 'utf8'));
  expect(Object.keys(merged)).toEqual(['format', 'command', 'date', 'machine', 'settings', 'rows', 'measurements']);
  expect(merged.command).toMatch(/^webdit compare --shard 0\/2, and so each of 2 shards, then webdit merge .+all\.md/);
  expect(merged.machine).toEqual({ cpu: 'Acme 0 and Acme 1', cores: 3, runtime: 'Node 20.0.0' });
  expect(merged.measurements).toEqual([...shard(0).measurements, ...shard(1).measurements]);
  expect(merged.rows).toMatchObject([{ row: 'none', pairs: 2, ms: 20 }]);
  const table = (await readFile(path('all.md'), 'utf8')).trimEnd().split('\n');
  expect(lines).toEqual([...table, `wrote ${path('all.json')}`, `wrote ${path('all.md')}`]);
  expect(table[0]).toBe('tiny, 2 steps, guidance 3, 2 pictures a row; Acme, f32.');
});

it('refuses in one line and writes nothing', async () => {
  await save('0.json', shard(0));
  await save('1.json', { ...shard(1), measurements: [] });
  await save('anonymous.json', { ...shard(1), machine: undefined });
  await save('other.json', { format: 'webdit-schedule/1' });
  const search = {
    format: 'webdit-search/1',
    key: 'k',
    done: [],
    shard: { index: 0, count: 1 },
    plan: { candidates: ['10'] },
  };
  await save('search.json', search);
  const refused: [number, RegExp, string[]][] = [
    [2, /^bad-argument: .*takes some arguments besides its options, not 0\./, []],
    [2, /^bad-argument: Shard 1\/2 is missing\. .*--shard 1\/2/, ['0.json']],
    [2, /1\.json, shard 1\/2, has measured 0 of 1\. .*--resume .*1\.json/, ['0.json', '1.json']],
    [2, /0\.json and .*0\.json are both shard 0\/2\./, ['0.json', '0.json', '1.json']],
    [1, /^format: .*anonymous\.json does not say where it was measured\./, ['0.json', 'anonymous.json']],
    [1, /^format: .*other\.json is of no comparison and of no search\./, ['other.json', '0.json']],
    [1, /^format: .*search\.json is not a saved comparison\./, ['0.json', 'search.json']],
    [1, /^format: .*0\.json/, ['search.json', '0.json']],
    [2, /search\.json, shard 0\/1, has measured 0 of 1\./, ['search.json']],
    [1, /^not-found: .*none\.json could not be read/, ['none.json']],
  ];
  for (const [expected, message, files] of refused) {
    const { code, lines, errors } = await merge(...files.map(path));
    expect(errors).toEqual([expect.stringMatching(message)]);
    expect({ code, lines }).toEqual({ code: expected, lines: [] });
  }
  expect((await merge(path('search.json'), '--markdown', path('all.md'))).errors).toEqual([
    'bad-argument: A search has no table. Leave out --markdown.',
  ]);
  await expect(readFile(path('all.json'))).rejects.toThrow('ENOENT');
});
