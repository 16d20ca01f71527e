import { runNode } from './child.mjs';
import { findChromium } from './machine.mjs';
import { tools } from './paths.mjs';

/** Draws docs/screens: every view of the built demo, in both themes, on a desktop and on a phone. Takes some minutes. */
export async function run(args) {
  process.env.WEBDIT_CHROMIUM = findChromium();
  process.exitCode = await runNode([tools.playwright, 'test', '--project=screens', ...args]);
}
