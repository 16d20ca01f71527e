import hljs from 'highlight.js/lib/core';
import bash from 'highlight.js/lib/languages/bash';
import css from 'highlight.js/lib/languages/css';
import javascript from 'highlight.js/lib/languages/javascript';
import json from 'highlight.js/lib/languages/json';
import typescript from 'highlight.js/lib/languages/typescript';
import xml from 'highlight.js/lib/languages/xml';
import MarkdownIt from 'markdown-it';
import anchor from 'markdown-it-anchor';

// Scripts in markup are highlighted as `javascript`.
const languages = { bash, css, javascript, json, typescript, xml };
for (const [name, language] of Object.entries(languages)) hljs.registerLanguage(name, language);
/** What the blocks' languages are to the highlighter; all others stay plain. */
const highlighters: Readonly<Record<string, string>> = {
  ts: 'typescript',
  tsx: 'typescript',
  js: 'typescript',
  html: 'xml',
  css: 'css',
  json: 'json',
  sh: 'bash',
};

/** A heading of a page, for the navigation. */
export interface Heading {
  readonly level: number;
  readonly id: string;
  readonly text: string;
}

/** What a page's addresses become, and what its figures are. */
export interface Surroundings {
  /** The address of a link, relative to the page's own in the site. @throws Error for one that leads nowhere. */
  link(href: string): string;
  /** The HTML of `<!-- figure: … -->`. */
  figure(words: string): string;
}

export interface Rendered {
  readonly html: string;
  readonly title: string;
  readonly headings: readonly Heading[];
}

/** Renders a page of markdown. Ids of headings are those that GitHub makes. */
export function render(source: string, { link, figure }: Surroundings): Rendered {
  const headings: Heading[] = [];
  const markdown = new MarkdownIt({ html: true, linkify: false, highlight });
  markdown.use(anchor, {
    slugify: githubSlug,
    tabIndex: false,
    callback: (token, { slug, title }) => headings.push({ level: Number(token.tag.slice(1)), id: slug, text: title }),
  });
  const { rules } = markdown.renderer;
  rules.table_open = () => '<div class="scroll" tabindex="0" role="group" aria-label="Table"><table>\n';
  rules.table_close = () => '</table></div>\n';
  rules.html_block = (tokens, i) => {
    const { content = '' } = tokens[i] ?? {};
    const [, words] = /^<!-- figure: (.*) -->\s*$/.exec(content) ?? [];
    return words === undefined ? content : figure(words);
  };
  markdown.core.ruler.push('addresses', ({ tokens }) => {
    for (const token of tokens.flatMap((block) => [block, ...(block.children ?? [])])) {
      const name = token.type === 'link_open' ? 'href' : token.type === 'image' ? 'src' : null;
      if (name) token.attrSet(name, link(String(token.attrGet(name))));
      // A class: styles in markup are against the site's policy.
      const align = /text-align:(\w+)/.exec(token.attrGet('style') ?? '')?.[1];
      if (align) token.attrs = [['class', align]];
    }
  });
  const html = markdown.render(source);
  return { html, title: headings.find(({ level }) => level === 1)?.text ?? '', headings };
}

function highlight(code: string, language: string): string {
  const name = highlighters[language];
  const inner = name ? hljs.highlight(code, { language: name }).value : escapeHtml(code);
  return `<pre tabindex="0"><code class="language-${escapeHtml(language)}">${inner}</code></pre>`;
}

/** As GitHub names headings: lower case, punctuation gone, spaces to hyphens. */
function githubSlug(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-');
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
