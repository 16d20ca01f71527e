import { existsSync, readFileSync } from 'node:fs';
import { repositoryPath } from '../../testing/repository.ts';
import { project } from './project.ts';
import type { ShellCommand } from './shell.ts';

/** What the scripts for Slurm make of their arguments. */
const batchScripts: Readonly<Record<string, (args: readonly string[]) => readonly string[]>> = {
  'bench/cluster/shards.sbatch': (args) => [...args, '--shard', '0/2', '--resume', 'a-shard.json'],
  'bench/cluster/merge.sbatch': ([, ...args]) => [
    'merge',
    'shard-0.json',
    'shard-1.json',
    '--json',
    'all.json',
    ...args,
  ],
};

/** The words of a command of the CLI behind its name; null for other commands. */
export function cliArguments({ words }: ShellCommand): readonly string[] | null {
  if (words[0] === 'sbatch') {
    const place = words.findIndex((word, i) => i > 0 && !word.startsWith('-'));
    return batchScripts[words[place] ?? '']?.(words.slice(place + 1)) ?? null;
  }
  const prefix = [workspaceCli, publishedCli].find((start) => start.every((word, i) => words[i] === word));
  return prefix ? words.slice(prefix.length) : null;
}

const workspaceCli = ['npm', 'run', '-s', 'webdit', '--'];
const publishedCli = ['npx', '@webdit/cli'];

/** A class of commands that the docs may have, and how one of them is proved. */
export interface Rule {
  /** Which commands, and what proves them. */
  readonly title: string;
  /** Whether a command, by its words, is one of them. */
  readonly covers: (words: readonly string[]) => boolean;
  /** What is wrong with one of them, as far as can be said without running it; null when nothing is. */
  readonly problem: (words: readonly string[]) => string | null;
}

/** How a command is called that runs whole, in e2e/docs-commands.full.e2e.ts. */
export const executed: Rule = {
  title: 'what builds, copies, formats, serves, measures and tests: e2e/docs-commands.full.e2e.ts runs it',
  covers: (words) => executables.some((start) => startsWith(words, start)),
  problem: (words) => firstProblem(words.slice(1).filter(isSource).map(missing)),
};

const executables = [
  ['mkdir', '-p'],
  ['cp', '-r'],
  ['npm', 'start'],
  ['npm', 'run', 'build'],
  ['npm', 'run', 'format'],
  ['npm', 'run', '-s', 'bench'],
  ['node', 'scripts/run.mjs', 'compare:chromium'],
  ['npx', 'vitest', 'run'],
  ['npx', 'playwright', 'test'],
  ['npx', 'changeset', 'version'],
  ['python3', '-m', 'http.server'],
];

/** Every class. A command belongs to the first that covers it, and is refused if none does. */
export const rules: readonly Rule[] = [
  {
    title:
      'webdit, also from a Slurm script: its own parser reads each, below; of each set of options one runs in e2e/docs-commands.full.e2e.ts',
    covers: (words) => cliArguments({ words, place: '' }) !== null,
    problem: () => null,
  },
  executed,
  {
    title: 'npm test and npm run test:full: .ci/run runs them',
    covers: (words) => /^npm (test|run test:\w+)$/.test(words.join(' ')),
    problem: (words) => {
      const name = words.at(-1) as string;
      const [, suites = ''] = /^for suite in (.+); do$/m.exec(readFileSync(repositoryPath('.ci/run'), 'utf8')) ?? [];
      return suites.split(' ').includes(name) && name in project().scripts ? null : `.ci/run runs no "${name}"`;
    },
  },
  {
    title: 'npm run lint, typecheck, check-packages: a stage of npm test or npm run test:full runs this script',
    covers: (words) => words[0] === 'npm' && words[1] === 'run' && words.length === 3,
    problem: ([, , name = '']) => {
      if (project().scripts[name] !== `node scripts/run.mjs ${name}`) return `package.json has no script "${name}"`;
      return project().stages.includes(name) ? null : `no stage of npm test or npm run test:full runs "${name}"`;
    },
  },
  {
    title: 'npm install: the projects of e2e/fixtures install each package, ours from what would be published',
    covers: (words) => startsWith(words, ['npm', 'install']),
    problem: ([, , ...names]) => {
      const known = [...project().published, ...project().fixtures];
      const unknown = names.find((name) => !known.includes(name));
      return names.length > 0 && unknown === undefined ? null : `e2e/fixtures installs no "${unknown ?? ''}"`;
    },
  },
  {
    title:
      'training, where there is PyTorch: the stage "training" runs pytest, which runs the smoke run, and it each script',
    covers: (words) => /^(python3 -m (pip|pytest|training\.)|node training\/)/.test(words.join(' ')),
    problem: trainingProblem,
  },
  {
    title:
      'docker build and kubectl, which need a cluster: the file is there; bench/cluster/cluster.test.ts holds the manifests',
    covers: (words) => /^(docker build --file|kubectl (apply -f|wait)) .*\S$/.test(words.join(' ')),
    problem: ([, verb, , path = '']) => (verb === 'wait' ? null : missing(path)),
  },
];

/** The class of a command. */
export const ruleOf = ({ words }: ShellCommand) => rules.find(({ covers }) => covers(words));

/** What is wrong with a command; null when nothing is. Nothing runs. */
export function problemOf(command: ShellCommand): string | null {
  const { words, place } = command;
  const rule = ruleOf(command);
  const problem = rule ? rule.problem(words) : `no rule of docs/blocks/commands.ts covers "${words.join(' ')}"`;
  return problem && `${place}: ${problem}.`;
}

function trainingProblem(words: readonly string[]): string | null {
  const line = words.join(' ');
  const [, script = ''] = /^(?:python3 -m|node) (\S+)/.exec(line) ?? [];
  if (script === 'pip') {
    const file = /^python3 -m pip install -r (\S+)$/.exec(line)?.[1] ?? '';
    return text('.ci/run').includes(` -r ${file}`) ? null : `.ci/run installs no "${file}"`;
  }
  if (script === 'pytest') return line.endsWith(' training') ? null : 'the stage runs python3 -m pytest training';
  const path = line.startsWith('node') ? script : `${script.replaceAll('.', '/')}.py`;
  if (!existsSync(repositoryPath(path))) return `there is no ${path}`;
  const run = path.endsWith('.mjs') ? path : `from ${script} import `;
  const runners = ['training/smoke.py', 'training/tests/test_smoke.py', 'training/train_transformer.py'];
  if (!runners.some((runner) => text(runner).includes(run))) return `the smoke run does not run ${path}`;
  const source = text(path) + text('training/command.py');
  const known = (option: string) => source.includes(`"${option}"`) || source.includes(`${option.slice(2)}: { type`);
  const unknown = words.find((word) => word.startsWith('--') && !known(word));
  return unknown === undefined ? null : `${path} has no option ${unknown}`;
}

const text = (path: string) => readFileSync(repositoryPath(path), 'utf8');
const startsWith = (words: readonly string[], start: readonly string[]) => start.every((word, i) => words[i] === word);
/** A test file or a folder of tests, which must be there before anything runs. */
const isSource = (word: string) => /^(docs|packages|e2e)\/.*(\.ts|[^/.]+)$/.test(word) && !word.includes('/dist/');
const firstProblem = (problems: readonly (string | null)[]) => problems.find((problem) => problem !== null) ?? null;
const missing = (path: string) => (existsSync(repositoryPath(path)) ? null : `there is no ${path}`);
