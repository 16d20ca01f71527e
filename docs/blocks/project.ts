import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { repositoryPath } from '../../testing/repository.ts';

/** What the project's own scripts say of it, for commands of the docs to be held against. */
export interface Project {
  /** The scripts of package.json. */
  readonly scripts: Readonly<Record<string, string>>;
  /** Scripts that a stage of `npm test` or `npm run test:full` runs. */
  readonly stages: readonly string[];
  /** Names of the packages that are packed, and installed by e2e/fixtures. */
  readonly published: readonly string[];
  /** What e2e/fixtures installs besides. */
  readonly fixtures: readonly string[];
}

let known: Project | undefined;

/** Read once. */
export function project(): Project {
  known ??= {
    scripts: json('package.json').scripts,
    fixtures: Object.keys(json('e2e/fixtures/package.json').dependencies),
    ...fromScripts(),
  };
  return known;
}

const json = (path: string) => JSON.parse(readFileSync(repositoryPath(path), 'utf8'));

/** In a process of its own: the scripts are no part of the program that TypeScript checks. */
function fromScripts(): Pick<Project, 'stages' | 'published'> {
  const url = (name: string) => JSON.stringify(pathToFileURL(repositoryPath(`scripts/lib/${name}.mjs`)).href);
  const script = `import { stages } from ${url('test')}; import { stages as full } from ${url('testFull')};
    import { manifestOf, published } from ${url('published')};
    const names = [...stages, ...full].flatMap(({ script }) => script ?? []);
    process.stdout.write(JSON.stringify({ stages: names, published: published.map((name) => manifestOf(name).name) }));`;
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`The stages of the tests cannot be read: ${stderr}`);
  return JSON.parse(stdout);
}
