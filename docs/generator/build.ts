import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { repositoryPath } from '../../testing/repository.ts';
import { Addresses } from './addresses.ts';
import { type Api, readApi } from './api.ts';
import { openBundledModel } from './figures/strips.ts';
import { drawFigure, prepareFigures } from './figures.ts';
import { layOut, type Page } from './layout.ts';
import { render } from './markdown.ts';
import { apiIndex, pages } from './pages.ts';

export interface BuildOptions {
  /** Where the site is built, from the root of the repository; what was there goes. Default `docs/site`. */
  readonly folder?: string;
  /** False leaves the API's pages out but for the first, for those who cannot wait ten seconds. */
  readonly api?: boolean;
}

/**
 * Builds the whole site.
 *
 * @throws Error for a link that leads nowhere, a figure that there is not, or a public export without words.
 */
export async function buildSite(
  options: BuildOptions = {},
): Promise<{ readonly pages: number; readonly folder: string }> {
  const { folder = 'docs/site' } = options;
  await prepareFigures();
  await openBundledModel();
  const api = options.api === false ? noApi : await readApi();
  if (api.problems.length > 0) throw new Error(`The API is not documented whole:\n${api.problems.join('\n')}`);
  const addresses = new Addresses();
  const built = [...pages.map((page) => guidePage(page, addresses)), ...api.pages.map(apiPage)];
  // Built aside and moved in, so that nobody ever sees half of it.
  const fresh = repositoryPath(`.cache/site-${process.pid}`);
  rmSync(fresh, { recursive: true, force: true });
  for (const page of built) write(fresh, `${page.slug}.html`, layOut(page));
  for (const [from, to] of addresses.files) copy(from, join(fresh, to));
  write(fresh, 'style.css', styles());
  copy('apps/demo/src/icon.svg', join(fresh, 'icon.svg'));
  rmSync(repositoryPath(folder), { recursive: true, force: true });
  renameSync(fresh, repositoryPath(folder));
  return { pages: built.length, folder };
}

const noApi: Api = { pages: [{ slug: 'index', source: '# API' }], problems: [] };

function guidePage({ slug, title, file }: (typeof pages)[number], addresses: Addresses): Page {
  const link = (href: string) => addresses.resolve(href, { file, slug });
  const markdown = (source: string): string => render(source, { link, figure }).html;
  const figure = (words: string): string => drawFigure(words, { file, link, markdown });
  const { html, headings } = render(readFileSync(repositoryPath(file), 'utf8'), { link, figure });
  return { slug, title, html, headings };
}

/** A page that TypeDoc wrote: its links lead to its like. */
function apiPage({ slug, source }: Api['pages'][number]): Page {
  const link = (href: string) => href.replace(/\.md(?=#|$)/, '.html');
  const figure = () => '';
  const { html, title, headings } = render(source, { link, figure });
  return { slug: `api/${slug}`, title, html: wayTo(slug) + html, headings };
}

/** Where a page of the API lies: the API, its package. */
function wayTo(slug: string): string {
  if (slug === 'index') return '';
  const here = posix.dirname(`api/${slug}`);
  const link = (to: string, name: string) => `<a href="${posix.relative(here, to)}">${name}</a>`;
  const entry = slug.replace(/\/(index|[a-z-]+\/\w+)$/, '');
  const ways = [
    link(`${apiIndex}.html`, 'API'),
    ...(slug.endsWith('/index') ? [] : [link(`api/${entry}/index.html`, entry)]),
  ];
  return `<p class="way">${ways.join(' / ')}</p>\n`;
}

/** One stylesheet, in the order of the files' names. */
function styles(): string {
  const folder = repositoryPath('docs/generator/styles');
  const own = readdirSync(folder)
    .sort()
    .map((name) => join(folder, name));
  return [repositoryPath('apps/demo/src/tokens.css'), ...own].map((path) => readFileSync(path, 'utf8')).join('\n');
}

function write(folder: string, path: string, text: string): void {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(repositoryPath(from), to);
}
