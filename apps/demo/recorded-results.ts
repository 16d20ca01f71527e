import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Plugin } from 'vite';

type Json = Readonly<Record<string, unknown>>;

/** How each virtual module is read from its file: see `src/recorded.ts`. */
const readers = {
  'virtual:recorded-results': readComparison,
  'virtual:recorded-study': readStudy,
};

/** What the page shows of a committed comparison: not its thousands of single measurements. */
async function readComparison(file: string) {
  const { command, date, machine, settings, rows } = await readJson(file);
  return {
    file: basename(file),
    command,
    date: date.slice(0, 10),
    runtime: machine.runtime,
    adapter: settings.adapter,
    steps: settings.steps,
    guidance: settings.guidanceScale,
    rows: rows.map(withoutTimes),
  };
}

/** What the page shows of a committed study. */
async function readStudy(file: string) {
  const { study, standings } = await readJson(file);
  if (!study || !standings) throw new Error(`${file} is no study: make it with "webdit compare --study".`);
  return {
    ...(await readComparison(file)),
    ours: study.ours,
    everyRow: study.everyRow,
    best: study.best,
    tuned: study.tuning.length,
    reported: study.report.length,
    standings: standings.map(({ ratio, rows }: { ratio: number; rows: readonly Json[] }) => ({
      ratio,
      rows: rows.map(withoutTimes),
    })),
  };
}

async function readJson(file: string) {
  return JSON.parse(await readFile(file, 'utf8'));
}

/** The times of each kind of step are not shown. */
function withoutTimes({ kinds: _, ...row }: Json): Json {
  return row;
}

/** Gives the page committed results as the virtual modules by whose names `files` has them. */
export function recordedResults(files: Readonly<Record<keyof typeof readers, string>>): Plugin {
  return {
    name: 'recorded-results',
    resolveId: (id) => (Object.hasOwn(readers, id) ? `\0${id}` : null),
    async load(resolved) {
      const id = resolved.slice(1) as keyof typeof readers;
      if (resolved !== `\0${id}` || !Object.hasOwn(readers, id)) return null;
      this.addWatchFile(files[id]);
      return `export default ${JSON.stringify(await readers[id](files[id]))};`;
    },
  };
}
