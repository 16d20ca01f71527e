import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cliArguments, executed, ruleOf } from '../docs/blocks/commands.ts';
import { manifestsClone } from '../docs/blocks/newcomer.ts';
import type { ShellCommand } from '../docs/blocks/shell.ts';
import { repositoryPath } from '../testing/repository.ts';
import { blocks, commands, environmentIn, expect, isPreparation, runIn, test } from './docs-fixture.ts';
import { freePort } from './static-server.ts';

/** Commands of the CLI that take long, and have tests of their own. */
const slow = ['bench', 'fit-preview'];
/** What they are asked for, by command and options: one of each is run, of a comparison one at all, and the guide's first. */
const asked = new Map<string, ShellCommand>();
const isGuide = ({ place }: ShellCommand) => Number(place.startsWith('docs/'));
for (const command of [...commands].sort((a, b) => isGuide(b) - isGuide(a))) {
  const args = cliArguments(command) ?? [];
  const [name = ''] = args;
  const key = name === 'compare' ? name : args.filter((word) => word === name || word.startsWith('--')).join(' ');
  if (command.words[0] === 'npm' && args.length > 0 && !slow.includes(name) && !asked.has(key)) asked.set(key, command);
}

/** Half of the work: no guidance, and one picture where the docs take several. */
const less = ['--pairs', '1', '--guidance', '1'];
const lighter: Readonly<Record<string, readonly string[]>> = {
  compare: less,
  calibrate: less,
  // Two of the nine patterns.
  'search --out': [...less, '--cap', '2'],
  'search --policy': [...less, '--evaluations', '2'],
};
/** The options by which commands of one name differ in what makes them lighter. */
const kinds = ['', ' --policy', ' --out'];

for (const command of asked.values()) {
  const args = cliArguments(command) ?? [];
  test(`${command.place}: webdit ${args.join(' ')}`, ({ newcomer }) => {
    const [name = ''] = args;
    const kind = kinds.find((kind) => lighter[name + kind] && (kind === '' || args.includes(kind.trim())));
    const more = kind === undefined ? [] : (lighter[name + kind] ?? []);
    const out = runIn(newcomer.folder, [...command.words, ...more]);
    expect(out).toMatch(name === 'verify' ? /^PASS worst /m : /\S/);
  });
}

/** What a command of the project is asked besides, so that it is short, and what it must print. Tools run where they are configured. */
interface Run {
  readonly more?: readonly string[];
  readonly prints: RegExp;
  readonly atRoot?: boolean;
}

const fewSteps = ['--steps', '4', '--guidance', '1', '--policies', 'none,fora:2'];

const runs: Readonly<Record<string, Run>> = {
  'npm run build': { prints: /^/ },
  // Of well-formed files it changes none.
  'npm run format': { more: ['--', 'docs/blocks'], prints: /^> node scripts\/run\.mjs format docs\/blocks$/m },
  'npm run -s bench -- --json': { more: ['--quick', '--only', 'peer'], prints: /^ {2}"format": "/m },
  'node scripts/run.mjs compare:chromium': { more: fewSteps, prints: /^\| fora_N2 \| 3 \/ 1 \|/m },
  'npx vitest run': { prints: /Tests +\d+ passed/, atRoot: true },
  // `npm test` runs the file itself.
  'npx playwright test': { more: ['--list'], prints: /Total: \d+ tests? in 1 file/, atRoot: true },
};

/** Commands that serve until they are stopped, and what each is told to use a port that is free. */
const servers: Readonly<Record<string, (words: readonly string[], port: string) => readonly string[]>> = {
  'npm start': (words, port) => [...words, '--', '--no-open', '--port', port],
  'npm run -s bench -- --open': (words) => words,
  'python3 -m http.server': (words, port) => words.map((word) => (word === '8000' ? port : word)),
};

const keyOf = (record: object, line: string) => Object.keys(record).find((start) => line.startsWith(start));

const others = new Map(
  commands.filter((command) => ruleOf(command) === executed).map((it) => [it.words.join(' '), it]),
);
for (const [line, command] of others) {
  if (isPreparation(command)) continue;
  const run = runs[keyOf(runs, line) ?? ''];
  const server = servers[keyOf(servers, line) ?? ''];
  if (run) {
    test(`${command.place}: ${line}`, ({ newcomer }) => {
      const folder = run.atRoot ? repositoryPath('') : newcomer.folder;
      expect(runIn(folder, [...command.words, ...(run.more ?? [])])).toMatch(run.prints);
    });
  } else if (server) {
    test(`${command.place}: ${line}`, async ({ newcomer }) => {
      const [program = ''] = command.words;
      test.skip(spawnSync(program, ['--version']).error !== undefined, `there is no ${program}`);
      await expectServes(newcomer.folder, server(command.words, String(await freePort())));
    });
  }
}

/** Starts a server, and stops it once the address it prints has answered. */
async function expectServes(folder: string, [program = '', ...args]: readonly string[]): Promise<void> {
  // A group of its own: npm has children.
  const child = spawn(program, args, { cwd: folder, env: environmentIn(folder), detached: true, stdio: 'pipe' });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk));
  const ended = once(child, 'exit');
  try {
    const address = () => /http:\/\/[^\s/:]+:(\d+\/\S*?)[)\s]/.exec(said)?.[1];
    await expect.poll(() => address() ?? child.exitCode, { timeout: 60_000 }).toEqual(expect.anything());
    expect(child.exitCode, said).toBeNull();
    const { status, headers } = await fetch(`http://localhost:${address()}`);
    expect(status).toBe(200);
    expect(headers.get('Content-Type')).toMatch(/^text\/html/);
  } finally {
    if (child.exitCode === null) process.kill(-(child.pid as number), 'SIGTERM');
    await ended;
  }
}

const onnx = 'npm run -s bench -- --onnx emoji-dit.onnx';
test(`${onnx} is understood, and lacks nothing but the file`, ({ newcomer }) => {
  const command = commands.find(({ words }) => words.join(' ').startsWith(onnx)) as ShellCommand;
  expect(() => runIn(newcomer.folder, command.words)).toThrow(/emoji-dit\.onnx does not exist\./);
});

test('npx changeset version makes the versions that the readmes name', () => {
  const { folder, remove } = manifestsClone();
  try {
    expect(runIn(folder, ['npx', 'changeset', 'version'])).toMatch(/\S/);
    const named = blocks.flatMap(({ text }) => [...text.matchAll(/\/npm\/((?:@\w+\/)?[\w-]+)@([\d.]+)\//g)]);
    const made = ['webdit', 'element'].map((name) => {
      const manifest = JSON.parse(readFileSync(join(folder, 'packages', name, 'package.json'), 'utf8'));
      return `${manifest.name}@${manifest.version}`;
    });
    expect([...new Set(named.map(([, name, version]) => `${name}@${version}`))].sort()).toEqual(made.sort());
  } finally {
    remove();
  }
});

test('no command that runs here is left out', () => {
  const known = { ...runs, ...servers, [onnx]: null, 'npx changeset version': null };
  const left = [...others].filter(([line, command]) => !isPreparation(command) && keyOf(known, line) === undefined);
  expect(left.map(([line]) => line)).toEqual([]);
});
