import { existsSync, statSync } from 'node:fs';
import { posix } from 'node:path';
import { repositoryPath } from '../../testing/repository.ts';
import { apiIndex, pages } from './pages.ts';

const { dirname, join, relative } = posix;

/** Finds out what links of a page lead to, and which files of the repository the site must therefore hold. */
export class Addresses {
  /** Files that pages link to or show: where they lie in the site, by their path in the repository. */
  readonly files = new Map<string, string>();

  /**
   * @param href as it stands in `file`.
   * @param file path of the page's source, from the root of the repository.
   * @param slug of the page.
   * @returns an address relative to the page. @throws Error for what is not there.
   */
  resolve(href: string, { file, slug }: { readonly file: string; readonly slug: string }): string {
    if (/^(https?:|mailto:|#)/.test(href)) return href;
    const [path = '', fragment] = href.split('#');
    const target = join(dirname(file), path);
    const hash = fragment === undefined ? '' : `#${fragment}`;
    const fromHere = (to: string) => relative(dirname(slug), to) + hash;
    const page = target === 'docs/api/index.md' ? apiIndex : pages.find((other) => other.file === target)?.slug;
    if (page) return fromHere(`${page}.html`);
    const isFile = existsSync(repositoryPath(target)) && statSync(repositoryPath(target)).isFile();
    if (!isFile || target.endsWith('.md'))
      throw new Error(`${file} links to ${href}, which is neither a file nor a page of docs/generator/pages.ts.`);
    this.files.set(target, `files/${target}`);
    return fromHere(`files/${target}`);
  }
}
