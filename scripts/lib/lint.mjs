import { checkImports } from '../check-imports.mjs';
import { runNode } from './child.mjs';
import { root, tools } from './paths.mjs';

/** Biome (rules and format), then the import directions. */
export async function run() {
  const biome = await runNode([tools.biome, 'check', '--error-on-warnings']);
  const problems = checkImports(root);
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  process.exitCode = biome !== 0 || problems.length > 0 ? 1 : 0;
}
