import { posix } from 'node:path';
import { escapeHtml, type Heading } from './markdown.ts';
import { sections } from './pages.ts';

export interface Page {
  readonly slug: string;
  readonly title: string;
  readonly html: string;
  readonly headings: readonly Heading[];
}

/** What the pages may do: show their own styles and pictures. They have no scripts; Chromium calls fetching an icon a connection. */
const policy =
  "default-src 'none'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'";

/** A whole page. Its addresses are relative, so that the site may lie below any path. */
export function layOut({ slug, title, html, headings }: Page): string {
  const to = (path: string) => posix.relative(posix.dirname(slug), path);
  const name = slug === 'index' ? 'WebDiT' : `${title} · WebDiT`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(name)}</title>
<link rel="icon" type="image/svg+xml" href="${to('icon.svg')}">
<link rel="stylesheet" href="${to('style.css')}">
</head>
<body>
<a class="to-content" href="#content">To the content</a>
<header>
<a class="brand" href="${to('index.html')}"><img src="${to('icon.svg')}" alt="" width="40" height="40">WebDiT</a>
<p>Diffusion transformers in a browser tab</p>
<button type="button" popovertarget="pages">Pages</button>
</header>
<div class="columns">
<nav id="pages" aria-label="Pages" popover>
${navigation(slug, headings, to)}
</nav>
<main id="content" class="page-${escapeHtml(slug.split('/')[0] ?? '')}">
${html}
</main>
</div>
</body>
</html>
`;
}

function navigation(slug: string, headings: readonly Heading[], to: (path: string) => string): string {
  const inApi = slug.startsWith('api/');
  const link = (page: { slug: string; title: string }) => {
    const here = page.slug === slug || (inApi && page.slug === 'api/index');
    const current = page.slug === slug ? ' aria-current="page"' : here ? ' aria-current="true"' : '';
    return `<li><a href="${to(`${page.slug}.html`)}"${current}>${escapeHtml(page.title)}</a>${here ? contents(headings) : ''}</li>`;
  };
  return sections
    .map(({ title, pages }, i) => {
      const id = `pages-${i}`;
      return `<p id="${id}">${title}</p>\n<ul aria-labelledby="${id}">\n${pages.map(link).join('\n')}\n</ul>`;
    })
    .join('\n');
}

/** The sections of the page that is shown. */
function contents(headings: readonly Heading[]): string {
  const second = headings.filter(({ level }) => level === 2);
  if (second.length < 2) return '';
  return `<ul>${second.map(({ id, text }) => `<li><a href="#${id}">${escapeHtml(text)}</a></li>`).join('')}</ul>`;
}
