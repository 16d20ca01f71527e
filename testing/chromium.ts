import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { chromium } from 'playwright';

const flags = [
  '--headless=new',
  '--no-sandbox',
  '--enable-unsafe-webgpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
  '--no-first-run',
];

/** Flags for WebGPU on SwiftShader without a network. Full Chromium only: the headless shell has no WebGPU. */
export const chromiumFlags = [...flags, '--use-webgpu-adapter=swiftshader'];

/** Flags for WebGPU on the machine's own graphics hardware; on Linux it is reached through Vulkan. */
export const hardwareFlags = [...flags, ...(process.platform === 'linux' ? ['--enable-features=Vulkan'] : [])];

const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];
const wellKnown = [
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

/** Path of a Chromium to test with: $WEBDIT_CHROMIUM, the system's, Playwright's own, else Playwright's after a download. */
export function findChromium(): string {
  const chosen = process.env.WEBDIT_CHROMIUM;
  if (chosen) {
    if (existsSync(chosen)) return chosen;
    throw new Error(`WEBDIT_CHROMIUM is "${chosen}", which does not exist; unset it or correct it.`);
  }
  const onPath = (process.env.PATH ?? '').split(delimiter).flatMap((folder) => names.map((name) => join(folder, name)));
  const found = [...onPath, ...wellKnown, chromium.executablePath()].find((path) => existsSync(path));
  return found ?? download();
}

function download(): string {
  const cli = join(dirname(createRequire(import.meta.url).resolve('playwright/package.json')), 'cli.js');
  try {
    execFileSync(process.execPath, [cli, 'install', '--no-shell', 'chromium'], { stdio: ['ignore', 2, 2] });
  } catch (cause) {
    const remedy = 'install chromium or set WEBDIT_CHROMIUM to its executable.';
    throw new Error(`No Chromium was found and Playwright could not download one; ${remedy}`, { cause });
  }
  return chromium.executablePath();
}
