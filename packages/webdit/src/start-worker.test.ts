import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { startWorker } from './start-worker.ts';

const page = 'https://page.example';
const started: { url: unknown; options: unknown }[] = [];

beforeEach(() => {
  started.length = 0;
  vi.stubGlobal('origin', page);
  vi.stubGlobal('document', { baseURI: `${page}/app/` });
  vi.stubGlobal(
    'Worker',
    class {
      constructor(url: unknown, options: unknown) {
        started.push({ url, options });
      }
    },
  );
});
afterEach(() => vi.unstubAllGlobals());

const textOf = async (url: unknown) => (await fetch(String(url))).text();
const asModule = { type: 'module', name: 'webdit' };

it('starts a script of the same origin by its address', () => {
  startWorker('worker.js');
  startWorker(new URL(`${page}/lib/worker.js`));
  expect(started).toEqual([
    { url: `${page}/app/worker.js`, options: asModule },
    { url: `${page}/lib/worker.js`, options: asModule },
  ]);
});

it('imports a script of another origin from a script of this one, the same each time', async () => {
  startWorker('https://cdn.example/worker.js');
  startWorker('https://cdn.example/worker.js');
  const [first, second] = started;
  expect(first).toEqual({ url: expect.stringMatching(/^blob:/), options: asModule });
  expect(second).toEqual(first);
  expect(await textOf(first?.url)).toBe('import "https://cdn.example/worker.js";');
});

it('starts its own script once, where the bundler put it', () => {
  const { Worker } = globalThis;
  startWorker(undefined);
  expect(started).toEqual([{ url: expect.stringMatching(/^file:.*\/src\/worker\.ts$/), options: asModule }]);
  expect(globalThis.Worker).toBe(Worker);
});

it('passes addresses through the Trusted Types policy webdit, which it makes once', () => {
  const createPolicy = vi.fn((_: string, { createScriptURL }: { createScriptURL(url: string): string }) => ({
    createScriptURL: (url: string) => ({ trusted: createScriptURL(url) }),
  }));
  vi.stubGlobal('trustedTypes', { createPolicy });
  startWorker('worker.js');
  startWorker('worker.js');
  expect(createPolicy).toHaveBeenCalledExactlyOnceWith('webdit', expect.anything());
  expect(started.map(({ url }) => url)).toEqual(Array(2).fill({ trusted: `${page}/app/worker.js` }));
});

it('says what to check when the browser refuses', () => {
  vi.stubGlobal(
    'Worker',
    class {
      constructor() {
        throw new DOMException('blocked', 'SecurityError');
      }
    },
  );
  expect(() => startWorker('worker.js')).toThrow(
    expect.objectContaining({ code: 'worker-crashed', remedy: expect.stringContaining('worker-src') }),
  );
});
