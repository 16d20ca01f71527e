import { defineConfig } from 'playwright/test';
import { chromiumFlags, findChromium } from './testing/chromium.ts';

// Workers read this file again in processes of their own: the port must come from the first.
process.env.WEBDIT_E2E_PORT ??= String(20_000 + (process.pid % 20_000));
const port = process.env.WEBDIT_E2E_PORT;
const baseURL = `http://localhost:${port}`;
// The demo as visitors get it, built; the tests of the library import its sources from the development server.
const builtPort = Number(port) + 1;
process.env.WEBDIT_E2E_BUILT_URL = `http://localhost:${builtPort}`;

// What measures time on the page's own thread.
const timed = '**/{compare,demo,pipeline,support}.e2e.ts';
const timedFull = '**/{golden,policies}.full.e2e.ts';

export default defineConfig({
  testDir: 'e2e',
  // A folder per run: two runs at once must not clean up each other.
  outputDir: `.cache/e2e/${port}`,
  // A software GPU takes every core when it computes, and one when it compiles.
  workers: 2,
  timeout: 120_000,
  // Two tests at a time: a page may wait for the other's kernels.
  expect: { timeout: 15_000 },
  forbidOnly: Boolean(process.env.CI),
  // Once in some hundred loads Chromium's software GPU or its storage hangs on a shared machine, now and then for longer than a
  // second try takes. What needed another try is said aloud.
  retries: process.env.CI ? 2 : 0,
  reporter: 'list',
  use: {
    baseURL,
    launchOptions: { executablePath: findChromium(), args: chromiumFlags },
    screenshot: 'only-on-failure',
    trace: 'retain-on-failure',
  },
  webServer: [
    {
      command: `node scripts/run.mjs start --no-open --port ${port}`,
      url: baseURL,
      timeout: 60_000,
      gracefulShutdown: { signal: 'SIGTERM', timeout: 5_000 },
    },
    {
      command: `npx vite build apps/demo --logLevel warn && npx vite preview apps/demo --port ${builtPort} --strictPort`,
      url: process.env.WEBDIT_E2E_BUILT_URL,
      timeout: 120_000,
      gracefulShutdown: { signal: 'SIGTERM', timeout: 5_000 },
    },
  ],
  // What measures time runs alone, after the others.
  projects: [
    { name: 'smoke', testMatch: '**/*.e2e.ts', testIgnore: ['**/*.full.e2e.ts', timed] },
    { name: 'smoke-timed', testMatch: timed, workers: 1, dependencies: ['smoke'] },
    { name: 'full', testMatch: '**/*.full.e2e.ts', testIgnore: timedFull, timeout: 300_000 },
    { name: 'full-timed', testMatch: timedFull, timeout: 300_000, workers: 1, dependencies: ['full'] },
    { name: 'screens', testMatch: '**/*.shots.ts', workers: 1 },
  ],
});
