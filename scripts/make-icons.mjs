// Draws the PNG icons of the demo from its SVG: node scripts/make-icons.mjs
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright';
import { findChromium } from './lib/machine.mjs';
import { root } from './lib/paths.mjs';

const rounded = readFileSync(join(root, 'apps/demo/src/icon.svg'), 'utf8');
// Systems cut icons to shapes of their own: those get the colour up to the edge. The glyph is well inside the safe circle.
const square = rounded.replace('rx="8"', '');
const folder = join(root, 'apps/demo/public/icons');
const icons = [
  { file: 'any-192.png', svg: rounded, size: 192 },
  { file: 'any-512.png', svg: rounded, size: 512 },
  { file: 'maskable-192.png', svg: square, size: 192 },
  { file: 'maskable-512.png', svg: square, size: 512 },
  { file: 'apple-touch-180.png', svg: square, size: 180 },
];

if (square === rounded) throw new Error('apps/demo/src/icon.svg has no rx="8" to remove any more. Adapt this script.');
mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({ executablePath: findChromium(), args: ['--no-sandbox'] });
try {
  const page = await browser.newPage();
  for (const { file, svg, size } of icons) {
    await page.setViewportSize({ width: size, height: size });
    await page.setContent(`<style>body { margin: 0 } svg { display: block }</style>${svg}`);
    await page.screenshot({ path: join(folder, file), omitBackground: true });
  }
} finally {
  await browser.close();
}
