// Runs testing/probe.ts, which Node 20 cannot run by itself. A process of its own: Dawn must not load into the runner.
import { runnerImport } from 'vite';

try {
  await runnerImport('./testing/probe.ts', { configFile: false });
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
