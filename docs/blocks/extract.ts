import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import MarkdownIt from 'markdown-it';
import { repositoryPath } from '../../testing/repository.ts';

/** A code block of one of the repository's pages. */
export interface Block {
  /** Path of the page, from the root of the repository. */
  readonly file: string;
  /** Line of the block's first fence, from 1. */
  readonly line: number;
  /** The first word behind the fence; empty for a block without a fence or without a word. */
  readonly language: string;
  /** The words after it: the path of a JSON file, the reason of a `text`. */
  readonly about: string;
  readonly text: string;
}

const skipped = new Set(['node_modules', 'dist', '.cache', '.git', 'site', 'test-results', 'playwright-report']);

/** Paths of all markdown files of the repository, from its root. */
export function markdownFiles(folder = ''): string[] {
  return readdirSync(join(repositoryPath(''), folder), { withFileTypes: true }).flatMap((entry) => {
    const path = posix.join(folder, entry.name);
    if (entry.isDirectory()) return skipped.has(entry.name) ? [] : markdownFiles(path);
    return entry.name.endsWith('.md') ? [path] : [];
  });
}

const markdown = new MarkdownIt({ html: true });

/** Every code block of a page, also in lists and quotes. */
export function blocksIn(file: string, source: string): Block[] {
  return markdown.parse(source, {}).flatMap(({ type, info, content, map }) => {
    if (type !== 'fence' && type !== 'code_block') return [];
    const [language = '', ...about] = info.trim().split(/\s+/);
    return { file, line: (map?.[0] ?? 0) + 1, language, about: about.join(' '), text: content };
  });
}

/** Every code block of the repository's pages. */
export function allBlocks(): Block[] {
  return markdownFiles().flatMap((file) => blocksIn(file, readFileSync(repositoryPath(file), 'utf8')));
}

/** What docstrings of the packages show under `@example`, which the API's pages repeat. */
export function docstringExamples(): Block[] {
  return readdirSync(repositoryPath('packages'), { recursive: true, encoding: 'utf8' })
    .filter((path) => /^[^/]+\/src\/.*\.ts$/.test(path) && !path.includes('node_modules'))
    .flatMap((path) => {
      const file = `packages/${path}`;
      const source = readFileSync(repositoryPath(file), 'utf8');
      return [...source.matchAll(/^ *\* @example\n((?: *\* [^@].*\n)+)/gm)].map(({ 1: example = '', index }) => {
        const text = example.replace(/^ *\* /gm, '');
        const language = text.startsWith('<') ? 'tsx' : 'ts';
        return { file, line: source.slice(0, index).split('\n').length, language, about: '', text };
      });
    });
}

/** How a block is named in a test's output. */
export function placeOf({ file, line }: Block): string {
  return `${file}:${line}`;
}
