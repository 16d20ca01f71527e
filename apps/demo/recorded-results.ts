import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Plugin } from 'vite';

const moduleId = 'virtual:recorded-results';

/** What the page shows of a committed comparison: see `src/recorded-results.d.ts`. */
async function readRecorded(file: string) {
  const { command, date, machine, settings, rows } = JSON.parse(await readFile(file, 'utf8'));
  return {
    file: basename(file),
    command,
    date: date.slice(0, 10),
    runtime: machine.runtime,
    adapter: settings.adapter,
    steps: settings.steps,
    guidance: settings.guidanceScale,
    rows,
  };
}

/** Gives the page the rows of a committed result as `virtual:recorded-results`, without its thousands of single measurements. */
export function recordedResults(file: string): Plugin {
  return {
    name: 'recorded-results',
    resolveId: (id) => (id === moduleId ? `\0${moduleId}` : null),
    async load(id) {
      if (id !== `\0${moduleId}`) return null;
      this.addWatchFile(file);
      return `export default ${JSON.stringify(await readRecorded(file))};`;
    },
  };
}
