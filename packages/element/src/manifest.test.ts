import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { WebDitElement } from './index.ts';

interface Named {
  readonly name: string;
}
interface Manifest {
  readonly modules: readonly {
    readonly declarations: readonly {
      readonly tagName?: string;
      readonly attributes: readonly Named[];
      readonly members: readonly Named[];
      readonly events: readonly Named[];
      readonly slots: readonly Named[];
      readonly cssParts: readonly Named[];
      readonly cssProperties: readonly Named[];
    }[];
  }[];
}

const home = fileURLToPath(new URL('..', import.meta.url));
const committed = readFileSync(join(home, 'custom-elements.json'), 'utf8');
const [element] = (JSON.parse(committed) as Manifest).modules.flatMap(({ declarations }) => declarations);
const names = (items: readonly Named[] | undefined) => (items ?? []).map(({ name }) => name).sort();
const sources = ['element.ts', 'view/element-view.ts', 'view/progress-bar.ts', 'view/error-panel.ts', 'view/styles.ts']
  .map((path) => readFileSync(join(home, 'src', path), 'utf8'))
  .join('\n');
const found = (pattern: RegExp) =>
  [...new Set([...sources.matchAll(pattern)].map((match) => match[1] as string))].sort();

it('is the manifest of the sources as they are (else run `pnpm --filter @webdit/element manifest`)', {
  timeout: 60_000,
}, () => {
  const out = mkdtempSync(join(tmpdir(), 'webdit-manifest-'));
  try {
    const cem = join(dirname(createRequire(import.meta.url).resolve('@custom-elements-manifest/analyzer')), 'cem.js');
    execFileSync(process.execPath, [cem, 'analyze', '--config', 'cem.config.mjs', '--outdir', relative(home, out)], {
      cwd: home,
      stdio: 'pipe',
    });
    expect(readFileSync(join(out, 'custom-elements.json'), 'utf8')).toBe(committed);
  } finally {
    rmSync(out, { recursive: true });
  }
});

it('names every attribute, part, slot and property that there is', () => {
  expect(element?.tagName).toBe('web-dit');
  expect(names(element?.attributes)).toEqual([...WebDitElement.observedAttributes].sort());
  expect(names(element?.cssParts)).toEqual(
    found(/ part="([a-z]+)"/g)
      .concat('step')
      .sort(),
  );
  expect(names(element?.slots)).toEqual(found(/<slot name="([a-z]+)"/g));
  // `--webdit-progress` is what the element tells, the rest is what it is told.
  expect(names(element?.cssProperties)).toEqual(
    found(/(--webdit-[a-z]+)/g).filter((name) => name !== '--webdit-progress'),
  );
  expect(names(element?.events)).toEqual(found(/'(webdit-[a-z]+)'/g));
  for (const method of ['generate', 'abort', 'toBlob', 'checkValidity', 'state', 'value', 'info']) {
    expect(names(element?.members)).toContain(method);
  }
  expect(names(element?.members)).not.toContain('painter');
});
