import { runnerImport } from 'vite';

/** Runs bench/bench.ts, which Node 20 cannot run by itself. Exit codes as those of `webdit`. */
export async function run(args) {
  process.argv = [process.execPath, 'bench', ...args];
  try {
    await runnerImport('./bench/bench.ts', { configFile: false });
  } catch (error) {
    // What was thrown on purpose says what to do about it.
    process.stderr.write(`${error}\n`);
    process.exit(error?.code === 'bad-argument' ? 2 : 1);
  }
  // What is on its way through a pipe is lost on exit; an empty write ends after it.
  await new Promise((done) => process.stdout.write('', done));
  process.exit();
}
