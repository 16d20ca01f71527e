import { runNode } from './child.mjs';
import { tools } from './paths.mjs';

/** The service worker is a program of its own: its globals are not the page's. */
const projects = ['tsconfig.json', 'apps/demo/src/sw/tsconfig.json'];

export async function run() {
  for (const project of projects) process.exitCode ||= await runNode([tools.tsc, '--project', project]);
}
