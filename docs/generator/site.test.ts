import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { repositoryPath } from '../../testing/repository.ts';
import { buildSite } from './build.ts';
import { problemsOfSite } from './check-site.ts';
import { pages } from './pages.ts';

// The API's pages are checked with the full tests: TypeDoc takes its time.
const folder = `.cache/site-test-${process.pid}`;
afterAll(() => rmSync(repositoryPath(folder), { recursive: true, force: true }));

test('every link and anchor of the guide leads somewhere', { timeout: 60_000 }, async () => {
  expect(await buildSite({ api: false, folder })).toEqual({ pages: pages.length + 1, folder });
  expect(problemsOfSite(repositoryPath(folder))).toEqual([]);
});

test('what is wrong with a site is found', () => {
  const broken = `${folder}-broken`;
  mkdirSync(repositoryPath(broken), { recursive: true });
  const body =
    '<h1 id="a">A</h1><p id="a" style="color: red"><a href="#b">b</a><a href="no.html">no</a><a href="../up.html">up</a><table><tr><th></th></tr></table>';
  writeFileSync(repositoryPath(`${broken}/index.html`), `<title>A</title>${body}`);
  expect(problemsOfSite(repositoryPath(broken))).toEqual([
    'index.html: #b names a section that is not there',
    'index.html: no.html leads nowhere',
    'index.html: ../up.html leads out of the site',
    'index.html: has <p id="a" style="color: red"><a href="#b">b</a><a href="no.html">no</a><a href=", which its policy forbids',
    'index.html: has an id twice',
    'index.html: has a column without a name',
  ]);
  rmSync(repositoryPath(broken), { recursive: true });
});
