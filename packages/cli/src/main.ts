import type { Output } from './command.ts';
import { run } from './run.ts';

const { stdout, stderr } = process;
let shown = 0;

/** What a shell reports of a tool that wrote to a closed pipe: 128 and SIGPIPE. */
const brokenPipe = 141;

// `webdit … | head` has read enough. That is no failure to report, but the work is not done either.
for (const stream of [stdout, stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(brokenPipe);
    throw error;
  });
}

/** Wipes the progress line, which exists only on a terminal. */
function clearProgress(): void {
  if (shown > 0) stderr.write(`\r${' '.repeat(shown)}\r`);
  shown = 0;
}

const output: Output = {
  line(text) {
    clearProgress();
    stdout.write(`${text}\n`);
  },
  progress(text) {
    if (!stderr.isTTY) return;
    clearProgress();
    stderr.write(text);
    shown = text.length;
  },
};

const code = await run(process.argv.slice(2), output, (line) => {
  clearProgress();
  stderr.write(`${line}\n`);
});
clearProgress();
// Dawn's threads can hold or crash a process that ends by itself, so it ends here, once all output is out.
for (const stream of [stdout, stderr]) await new Promise((resolve) => stream.write('', resolve));
process.exit(code);
