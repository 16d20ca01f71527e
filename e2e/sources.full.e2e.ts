import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, type Page, test } from 'playwright/test';
import type * as Webdit from '../packages/webdit/src/index.ts';
import { serveStatic } from './static-server.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const built = '/packages/webdit/dist/standalone';
const golden = '/goldens/dit-original-tiny';
const files = ['config.json', 'model.safetensors'];
const commit = '0123456789abcdef0123456789abcdef01234567';

/** A hub with the golden as `owner/tiny`, in the place of the real one. */
async function fakeHub(page: Page): Promise<string[]> {
  const asked: string[] = [];
  const bytesOf = (name: string) => readFileSync(join(root, golden, name));
  await page.route('https://huggingface.co/**', (route) => {
    const { pathname } = new URL(route.request().url());
    asked.push(pathname);
    const headers = { 'access-control-allow-origin': '*', 'access-control-allow-headers': '*' };
    if (pathname.endsWith('/revision/main')) return route.fulfill({ headers, json: { sha: commit } });
    if (pathname.includes(`/tree/${commit}`)) {
      const json = files.map((path) => {
        const bytes = bytesOf(path);
        const sha256 = createHash('sha256').update(bytes).digest('hex');
        return {
          type: 'file',
          path,
          size: bytes.length,
          oid: sha256.slice(0, 40),
          lfs: { oid: sha256, size: bytes.length },
        };
      });
      return route.fulfill({ headers, json });
    }
    return route.fulfill({ headers, body: bytesOf(pathname.split('/').at(-1) ?? '') });
  });
  return asked;
}

test('a model of the hub and one in the origin private file system load in a worker', async ({ page }) => {
  expect(readdirSync(join(root, golden))).toEqual(expect.arrayContaining(files));
  const asked = await fakeHub(page);
  const server = await serveStatic(root);
  try {
    await page.route(`${server.url}/blank.html`, (route) => route.fulfill({ contentType: 'text/html', body: '' }));
    await page.goto(`${server.url}/blank.html`);
    const loaded = await page.evaluate(
      async ({ library, golden, files }) => {
        const { DiffusionPipeline }: typeof Webdit = await import(library);
        const directory = await (await navigator.storage.getDirectory()).getDirectoryHandle('tiny', { create: true });
        for (const name of files) {
          const writable = await (await directory.getFileHandle(name, { create: true })).createWritable();
          await writable.write(await (await fetch(`${golden}/${name}`)).blob());
          await writable.close();
        }
        const infos: Webdit.PipelineInfo[] = [];
        for (const model of [directory, 'hf:owner/tiny', 'https://huggingface.co/owner/tiny']) {
          const pipe = await DiffusionPipeline.fromPretrained(model, { device: 'wasm' });
          infos.push(pipe.info);
          await pipe.dispose();
        }
        return infos.map(({ name, thread, storage, notes }) => ({ name, thread, state: storage.state, notes }));
      },
      { library: `${built}/webdit.js`, golden, files },
    );
    expect(loaded).toMatchObject([
      { name: 'tiny', thread: 'worker', state: 'files' },
      { name: 'tiny', thread: 'worker', state: 'stored' },
      { name: 'tiny', thread: 'worker', state: 'stored' },
    ]);
    // The second load took every file from the store.
    expect(asked.filter((path) => path.endsWith('/model.safetensors'))).toHaveLength(1 + 1);
  } finally {
    await server.close();
  }
});
