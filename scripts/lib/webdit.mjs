import { pathToFileURL } from 'node:url';
import { cliFile, ensureCliBuilt } from './buildCli.mjs';

/**
 * Runs the CLI in this very process: exit code, signals and streams are then its own. npm moves to the repository before
 * it runs a script; INIT_CWD is where the user stands, and what relative paths are relative to.
 */
export async function run(args) {
  await ensureCliBuilt();
  if (process.env.npm_lifecycle_event === 'webdit' && process.env.INIT_CWD) process.chdir(process.env.INIT_CWD);
  process.argv = [process.execPath, cliFile, ...args];
  await import(pathToFileURL(cliFile).href);
}
