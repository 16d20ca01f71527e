import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Application, LogLevel, type ProjectReflection, TSConfigReader, type TypeDocOptions } from 'typedoc';
import type { PluginOptions } from 'typedoc-plugin-markdown';
import { repositoryPath } from '../../testing/repository.ts';

/** The public entries, by the names that users import. */
const entries: Readonly<Record<string, { readonly file: string; readonly about: string }>> = {
  webdit: {
    file: 'packages/webdit/src/index.ts',
    about: 'The library: load a model, paint, store models, compare policies, search schedules, check a device.',
  },
  '@webdit/element': {
    file: 'packages/element/src/index.ts',
    about:
      'The tag `<web-dit>`, its class and its events. What markup and styles can do is in [the element](../element.html#reference).',
  },
  '@webdit/element/react': { file: 'packages/element/src/react.ts', about: 'The tag as a React component.' },
};

/** The first page. */
const index = `# API

Everything that is public, from the docstrings of the sources. Names that are not here may change at any time.

| package | what it is |
| --- | --- |
${Object.entries(entries)
  .map(([name, { about }]) => `| [\`${name}\`](${name}/index.md) | ${about} |`)
  .join('\n')}

Most programs need [DiffusionPipeline](webdit/classes/DiffusionPipeline.md) with
[the options of \`generate\`](webdit/interfaces/GenerateOptions.md) and
[of \`fromPretrained\`](webdit/interfaces/FromPretrainedOptions.md), and nothing else.
`;

/** A page of the API, as markdown. */
export interface ApiPage {
  /** Its address below `api/`, without `.md`. */
  readonly slug: string;
  readonly source: string;
}

export interface Api {
  readonly pages: readonly ApiPage[];
  /** What TypeDoc complains about: an export without words, a link that leads nowhere. */
  readonly problems: readonly string[];
}

/** Kinds of exports and members that must have a docstring. */
const documented = ['Variable', 'Function', 'Class', 'Interface', 'TypeAlias', 'Method', 'Accessor'] as const;

/** Reads the docstrings of all public exports. Takes some ten seconds, most of them TypeScript's. */
export async function readApi(): Promise<Api> {
  const problems: string[] = [];
  const app = await Application.bootstrapWithPlugins(options(), [new TSConfigReader()]);
  app.logger.level = LogLevel.Warn;
  app.logger.log = (message, level) => {
    if (level >= LogLevel.Warn) problems.push(message);
  };
  const project = await app.convert();
  if (!project) throw new Error(`The API could not be read. ${problems.join(' ')}`);
  rename(project);
  app.validate(project);
  const folder = repositoryPath('.cache/api');
  rmSync(folder, { recursive: true, force: true });
  await app.generateOutputs(project);
  const pages = readPages(folder).filter(({ slug }) => slug !== 'index');
  return { pages: [{ slug: 'index', source: index }, ...pages], problems };
}

function options(): Partial<TypeDocOptions & PluginOptions> {
  return {
    name: 'API',
    entryPoints: Object.values(entries).map(({ file }) => repositoryPath(file)),
    tsconfig: repositoryPath('docs/tsconfig.api.json'),
    basePath: repositoryPath(''),
    plugin: [createRequire(import.meta.url).resolve('typedoc-plugin-markdown')],
    outputs: [{ name: 'markdown', path: repositoryPath('.cache/api') }],
    readme: 'none',
    // `npm run typecheck` has done so.
    skipErrorChecking: true,
    excludeExternals: true,
    excludeInternal: true,
    excludePrivate: true,
    excludeProtected: true,
    disableSources: true,
    // What the element's manifest is made of.
    blockTags: [...standardTags, '@attr', '@cssprop', '@csspart', '@cssState', '@fires', '@slot', '@tagname'],
    excludeTags: ['@attr', '@cssprop', '@csspart', '@cssState', '@fires', '@slot', '@tagname'],
    validation: { notExported: false, invalidLink: true, notDocumented: true },
    requiredToBeDocumented: [...documented],
    packagesRequiringDocumentation: ['webdit', '@webdit/element', '@webdit/core', '@webdit/gpu', '@webdit/weights'],
    entryFileName: 'index',
    hidePageHeader: true,
    hideBreadcrumbs: true,
    useCodeBlocks: true,
    expandObjects: true,
    expandParameters: true,
    indexFormat: 'table',
    parametersFormat: 'table',
    interfacePropertiesFormat: 'table',
    classPropertiesFormat: 'table',
    typeDeclarationFormat: 'table',
    propertyMembersFormat: 'table',
    typeAliasPropertiesFormat: 'table',
    tableColumnSettings: { hideSources: true, hideInherited: true, hideModifiers: true, hideOverrides: true },
    sanitizeComments: true,
    pageTitleTemplates: {
      module: ({ name }: { name: string }) => name,
      member: ({ rawName }: { rawName: string }) => rawName.replace(/<.*/s, ''),
    },
  };
}

const standardTags = ['@param', '@returns', '@throws', '@example', '@remarks', '@typeParam'] as const;

/** Modules are called by their paths until told otherwise. */
function rename(project: ProjectReflection): void {
  for (const module of project.children ?? []) {
    const name = Object.keys(entries).find((entry) => entries[entry]?.file.startsWith(module.name));
    if (name) module.name = name;
  }
}

function readPages(folder: string, inside = ''): ApiPage[] {
  return readdirSync(join(folder, inside), { withFileTypes: true }).flatMap((entry) => {
    const path = `${inside}${entry.name}`;
    if (entry.isDirectory()) return readPages(folder, `${path}/`);
    return [{ slug: path.replace(/\.md$/, ''), source: readFileSync(join(folder, path), 'utf8') }];
  });
}
