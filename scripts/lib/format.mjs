import { runNode } from './child.mjs';
import { tools } from './paths.mjs';

/** Formats everything and applies Biome's safe fixes; paths may be given. */
export async function run(args) {
  process.exitCode = await runNode([tools.biome, 'check', '--write', ...args]);
}
