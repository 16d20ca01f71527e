import { runNode } from './child.mjs';
import { packPackages } from './pack.mjs';
import { tools } from './paths.mjs';
import { manifestOf, publishedNames } from './published.mjs';

/** publint and Are the types wrong? on what would be published. Modules only: what cannot import them has no WebGPU either. */
const publint = [tools.publint, 'run', '--strict'];
const attw = [tools.attw, '--profile', 'esm-only', '--quiet'];

/** Checks the published packages, or those that are named. */
export async function run(names) {
  const { failed } = await checkPackages(publishedNames(names));
  if (failed > 0) throw new Error(`${failed} checks of the packages failed. The messages above say why.`);
}

/** How many of the checks the packages pass. @returns {Promise<{passed: number, failed: number, skipped: number}>} */
export async function checkPackages(names) {
  const tally = { passed: 0, failed: 0, skipped: 0 };
  for (const [name, file] of Object.entries(packPackages(names))) {
    // A program has no types.
    for (const check of manifestOf(name).bin ? [publint] : [publint, attw]) {
      tally[(await runNode([...check, file])) === 0 ? 'passed' : 'failed']++;
    }
  }
  return tally;
}
