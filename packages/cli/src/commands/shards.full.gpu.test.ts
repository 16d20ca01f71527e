import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { spawnWebdit, webdit } from '../testing/command.ts';

const { WEBDIT_ADAPTER: adapter = 'default' } = process.env;
const model = fileURLToPath(new URL('../../../../models/emoji-dit', import.meta.url));
const pipeline = ['--model', model, '--adapter', adapter];
const comparison = [...pipeline, '--policies', 'none,fora:2', '--fewer-steps', '2', '--steps', '3', '--pairs', '4'];
const space = [...pipeline, '--steps', '12', '--budget', '4', '--reuse', '0-6', '--cap', '8', '--pairs', '1'];
const count = 4;
/** Killed in the middle. */
const victim = 2;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'webdit-shards-'));
  // Whichever process is first would build the command, and the others meanwhile too.
  await succeed('help');
});
afterAll(() => rm(folder, { recursive: true }));

const path = (name: string) => join(folder, name);
const shardPath = (command: string, index: number) => path(`${command}-${index}.json`);
const shards = (command: string) => Array.from({ length: count }, (_, index) => shardPath(command, index));
const readJson = async (name: string) => JSON.parse(await readFile(path(name), 'utf8'));

function shardArguments(command: string, args: readonly string[], index: number): string[] {
  return [command, ...args, '--shard', `${index}/${count}`, '--resume', shardPath(command, index)];
}

async function succeed(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await webdit(...args);
  expect(code, stderr).toBe(0);
  return stdout;
}

/** Runs every shard in a process of its own, all at once, and kills one as soon as it has saved something. */
async function runAndKillOne(command: string, args: readonly string[]): Promise<void> {
  const others = Array.from({ length: count }, (_, index) => index).filter((index) => index !== victim);
  const running = others.map((index) => succeed(...shardArguments(command, args, index)));
  const { child, finished } = spawnWebdit(...shardArguments(command, args, victim));
  while (!existsSync(shardPath(command, victim)) && child.exitCode === null) await wait(5);
  child.kill('SIGKILL');
  expect((await finished).code).toBeNull();
  expect(child.signalCode).toBe('SIGKILL');
  await Promise.all(running);
}

async function expectUnfinished(command: string, total: number): Promise<void> {
  const refused = await webdit('merge', ...shards(command), '--json', path('never.json'));
  const done = `[1-${total - 1}]`;
  const message = `^bad-argument: .+/${command}-2\\.json, shard 2/4, has measured ${done} of ${total}\\. Run its command again, with --shard 2/4 --resume .+/${command}-2\\.json, then merge again\\.\\n$`;
  expect(refused).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(new RegExp(message)) });
  expect(existsSync(path('never.json'))).toBe(false);
}

/** The file's content without what a clock said: dates, milliseconds, their ratios, and the command. */
function withoutClocks(value: unknown): unknown {
  const clocks = ['ms', 'gpuMs', 'latencyRatio', 'gpuLatencyRatio', 'date', 'command'];
  return JSON.parse(JSON.stringify(value), (key, entry) => (clocks.includes(key) ? undefined : entry));
}

it('a comparison in four processes, one of which was killed and run again, merges to that of one process', async () => {
  await runAndKillOne('compare', comparison);
  await expectUnfinished('compare', 3);
  const before = await readJson(`compare-${victim}.json`);
  await succeed(...shardArguments('compare', comparison, victim));
  const after = await readJson(`compare-${victim}.json`);
  expect(after.measurements.slice(0, before.measurements.length)).toEqual(before.measurements);

  await succeed('compare', ...comparison, '--json', path('compare-whole.json'));
  // Given backwards: the order of the files does not matter.
  await succeed('merge', ...shards('compare').reverse(), '--json', path('compare-merged.json'));
  const [whole, merged] = [await readJson('compare-whole.json'), await readJson('compare-merged.json')];
  expect(withoutClocks(merged)).toEqual(withoutClocks(whole));
  expect(Object.keys(merged)).toEqual(Object.keys(whole));
  expect(merged.measurements).toHaveLength(3 * 4);
  expect(merged.rows.map(({ row, pairs }: { row: string; pairs: number }) => [row, pairs])).toEqual([
    ['none', 4],
    ['fora:2', 4],
    ['none at 2 steps', 4],
  ]);
  expect(merged.rows[1].latentError).toBeGreaterThan(0.01);
  const leftovers = (await readdir(folder)).filter((name) => !/^compare-(\d|whole|merged)\.json$/.test(name));
  // A file that was being written when the process died lies beside the whole one; nobody reads it.
  expect(leftovers.filter((name) => !/^compare-2\.json\.[0-9a-f]{8}\.part$/.test(name))).toEqual([]);
});

it('a search in four processes, one of which was killed and run again, merges to the very file of one process', async () => {
  await runAndKillOne('search', space);
  await expectUnfinished('search', 2);
  await succeed(...shardArguments('search', space, victim));
  await succeed('search', ...space, '--resume', path('search-whole.json'), '--out', path('schedule-whole.json'));
  await succeed('merge', ...shards('search'), '--json', path('search-merged.json'));
  const [whole, merged] = await Promise.all(
    ['whole', 'merged'].map((name) => readFile(path(`search-${name}.json`), 'utf8')),
  );
  expect(merged).toBe(whole);

  const rest = ['--resume', path('search-merged.json'), '--out', path('schedule-merged.json')];
  const stdout = await succeed('search', ...space, ...rest);
  expect(stdout).not.toMatch(/ of \d+: /);
  expect(withoutClocks(await readJson('schedule-merged.json'))).toEqual(
    withoutClocks(await readJson('schedule-whole.json')),
  );
});
