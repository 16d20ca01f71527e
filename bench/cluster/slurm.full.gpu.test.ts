import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { repositoryPath } from '../../testing/repository.ts';

const { WEBDIT_ADAPTER: adapter = 'default' } = process.env;
const pipeline = ['--model', 'models/emoji-dit', '--adapter', adapter];

let results: string;
beforeAll(async () => {
  results = await mkdtemp(join(tmpdir(), 'webdit-slurm-'));
});
afterAll(() => rm(results, { recursive: true }));

/** Runs a script as Slurm does: from the folder it was submitted in, with its variables. */
function sbatch(script: string, args: readonly string[], variables: Readonly<Record<string, string>> = {}) {
  const env = { ...process.env, RESULTS: results, ...variables };
  const path = repositoryPath(`bench/cluster/${script}`);
  const child = spawn('bash', [path, ...args], { cwd: repositoryPath(''), env, stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise<{ code: number | null; stderr: string }>((resolve, reject) =>
    child.on('error', reject).on('close', (code) => resolve({ code, stderr })),
  );
}

async function expectDone(finished: ReturnType<typeof sbatch>): Promise<void> {
  const { code, stderr } = await finished;
  expect(code, stderr).toBe(0);
}

const task = (index: number, count: number) => ({
  SLURM_ARRAY_TASK_ID: String(index),
  SLURM_ARRAY_TASK_COUNT: String(count),
});
const readJson = async (name: string) => JSON.parse(await readFile(join(results, name), 'utf8'));

it('two tasks of an array compare, the second submitted by itself, and their files merge', async () => {
  const args = ['compare', ...pipeline, '--policies', 'none', '--steps', '2', '--pairs', '2'];
  await expectDone(sbatch('shards.sbatch', args, task(0, 2)));
  const early = await sbatch('merge.sbatch', ['compare']);
  expect(early).toMatchObject({ code: 2, stderr: expect.stringContaining('Shard 1/2 is missing.') });
  await expectDone(sbatch('shards.sbatch', args, { ...task(1, 1), SHARDS: '2' }));
  await expectDone(sbatch('merge.sbatch', ['compare', '--markdown', join(results, 'compare.md')]));
  const { rows, shard } = await readJson('compare.json');
  expect(rows).toMatchObject([{ row: 'none', pairs: 2, steps: 2 }]);
  expect(shard).toBeUndefined();
  expect((await readdir(results)).sort()).toEqual(['compare-0.json', 'compare-1.json', 'compare.json', 'compare.md']);
});

it('two tasks of an array search, and their files merge', async () => {
  const args = ['search', ...pipeline, '--steps', '6', '--budget', '3', '--reuse', '0-3', '--pairs', '1'];
  for (const index of [0, 1]) await expectDone(sbatch('shards.sbatch', args, task(index, 2)));
  await expectDone(sbatch('merge.sbatch', ['search']));
  const { format, done } = await readJson('search.json');
  expect({ format, patterns: done.map(({ pattern }: { pattern: string }) => pattern).sort() }).toEqual({
    format: 'webdit-search/1',
    patterns: ['100011', '100101', '101010'],
  });
});
