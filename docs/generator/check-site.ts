import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { type HTMLElement, parse } from 'node-html-parser';

/** A page of a built site. */
interface Built {
  readonly path: string;
  readonly root: HTMLElement;
  readonly ids: ReadonlySet<string>;
}

/**
 * Everything that is wrong with a built site, a line each: addresses that lead nowhere or out of it, fragments without their
 * element, ids that two elements share, what the pages' policy forbids, columns without a name, pages without a title or a first heading.
 */
export function problemsOfSite(folder: string): string[] {
  const pages = new Map(htmlFiles(folder).map((file) => [file, readPage(folder, file)]));
  return [...pages.values()].flatMap((page) =>
    [...checkAddresses(page, folder, pages), ...checkForm(page)].map((problem) => `${page.path}: ${problem}`),
  );
}

function htmlFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.html'))
    .map((path) => join(folder, path));
}

function readPage(folder: string, file: string): Built {
  const root = parse(readFileSync(file, 'utf8'), { comment: true });
  const ids = root.querySelectorAll('[id]').map((element) => element.getAttribute('id') as string);
  return { path: relative(folder, file), root, ids: new Set(ids) };
}

function checkAddresses({ path, root }: Built, folder: string, pages: ReadonlyMap<string, Built>): string[] {
  const elements = root.querySelectorAll('[href], [src]');
  return elements.flatMap((element) => {
    const address = element.getAttribute('href') ?? element.getAttribute('src') ?? '';
    if (/^(https?:|mailto:)/.test(address)) return [];
    const [target = '', fragment] = address.split('#');
    const file = target === '' ? join(folder, path) : join(folder, dirname(path), decodeURI(target));
    if (address.startsWith('/') || relative(folder, file).startsWith('..')) return [`${address} leads out of the site`];
    if (!existsSync(file)) return [`${address} leads nowhere`];
    const page = pages.get(file);
    const missing = fragment !== undefined && page && !page.ids.has(decodeURIComponent(fragment));
    return missing ? [`${address} names a section that is not there`] : [];
  });
}

function checkForm({ root, ids }: Built): string[] {
  const problems: string[] = [];
  const forbidden = root.querySelectorAll('script, style, [style], iframe, object, embed, form');
  if (forbidden.length > 0) problems.push(`has ${forbidden[0]?.toString().slice(0, 80)}, which its policy forbids`);
  if (root.querySelectorAll('[id]').length !== ids.size) problems.push('has an id twice');
  if (root.querySelectorAll('h1').length !== 1) problems.push('has not one first heading');
  if ((root.querySelector('title')?.text ?? '').trim() === '') problems.push('has no title');
  if (root.querySelectorAll('th').some((heading) => heading.text.trim() === ''))
    problems.push('has a column without a name');
  return problems;
}
