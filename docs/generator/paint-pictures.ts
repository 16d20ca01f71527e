import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { decode } from 'fast-png';
import { run } from '../../packages/cli/src/run.ts';
import { psnr } from '../../packages/core/src/index.ts';
import type { RunReport } from '../../packages/webdit/src/index.ts';
import { repositoryPath } from '../../testing/repository.ts';
import type { PictureRow, PolicyPictures } from './figures/pictures.ts';

const columns = [
  { label: 'butterfly', seed: 7 },
  { label: 'pizza', seed: 0 },
  { label: 'sunflower', seed: 1 },
];
const runs = [
  { cache: 'none', steps: 50 },
  { cache: 'procache:B17', steps: 50 },
  { cache: 'fora:3', steps: 50 },
  { cache: 'toca:3', steps: 50 },
  { cache: 'duca:3', steps: 50 },
  { cache: 'delta-dit:3', steps: 50 },
  { cache: 'taylorseer:3', steps: 50 },
  { cache: 'procache:B11', steps: 50 },
  { cache: 'none', steps: 17 },
  { cache: 'none', steps: 11 },
];

const folder = 'docs/pictures/policies';
let adapter = '';

/** Paints one picture. @returns its path below docs/pictures, the command, and the FLOPs executed. */
async function paint({ label, seed }: (typeof columns)[number], { cache, steps }: (typeof runs)[number]) {
  const file = `policies/${label}-${cache.replace(':', '-')}-${steps}.png`;
  const report = repositoryPath('.cache/docs-picture.json');
  const settings = ['--label', label, '--seed', String(seed), '--steps', String(steps), '--cache', cache];
  const args = ['generate', '--adapter', 'lavapipe', '--model', 'models/emoji-dit', ...settings];
  const errors: string[] = [];
  const line = (text: string) => {
    adapter = /^adapter (.*)/.exec(text)?.[1] ?? adapter;
  };
  const output = ['--out', repositoryPath(`docs/pictures/${file}`), '--json', report];
  const code = await run([...args, ...output], { line, progress: () => {} }, (error) => errors.push(error));
  if (code !== 0) throw new Error(errors.join('\n'));
  const { totals } = (JSON.parse(readFileSync(report, 'utf8')) as { report: RunReport }).report;
  return { file, command: `webdit ${args.join(' ')}`, flops: totals.flops.executed };
}

/** Colours without opacity, which is the same everywhere. */
function coloursOf(file: string): number[] {
  const { data } = decode(readFileSync(repositoryPath(`docs/pictures/${file}`)));
  return [...data].filter((_, i) => i % 4 !== 3);
}

rmSync(repositoryPath(folder), { recursive: true, force: true });
mkdirSync(repositoryPath(folder), { recursive: true });
mkdirSync(repositoryPath('.cache'), { recursive: true });
const rows: PictureRow[] = [];
let command = '';
let uncachedFlops = 0;
for (const settings of runs) {
  const painted: Awaited<ReturnType<typeof paint>>[] = [];
  for (const column of columns) painted.push(await paint(column, settings));
  const [first] = painted as [(typeof painted)[number]];
  command ||= first.command;
  uncachedFlops ||= first.flops;
  const pictures = painted.map(({ file }, i) => {
    const uncached = rows[0]?.pictures[i]?.file;
    return { file, psnr: uncached === undefined ? null : psnr(coloursOf(file), coloursOf(uncached), 255) };
  });
  rows.push({ ...settings, flopRatio: uncachedFlops / first.flops, pictures });
  process.stdout.write(`${settings.cache}, ${settings.steps} steps\n`);
}
const about: PolicyPictures = {
  format: 'webdit-pictures/1',
  command,
  adapter,
  runtime: `Node ${process.versions.node}`,
  date: new Date().toISOString().slice(0, 10),
  columns,
  rows,
};
writeFileSync(repositoryPath('docs/pictures/policies.json'), `${JSON.stringify(about, null, 2)}\n`);
