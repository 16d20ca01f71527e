import { runNode } from './child.mjs';
import { tools } from './paths.mjs';

export async function run() {
  process.exitCode = await runNode([tools.tsc, '--project', 'tsconfig.json']);
}
