import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './paths.mjs';

const usage = 'Usage: npm start -- [--no-open] [--port N]';

/** Serves the demo until it is interrupted. */
export async function run(args) {
  const { open, port } = parse(args);
  const demo = join(root, 'apps/demo');
  if (!existsSync(join(demo, 'index.html'))) throw new Error('apps/demo has no index.html. Check the clone.');
  const { createServer } = await import('vite');
  const server = await createServer({
    root: demo,
    // A port that was asked for is that port or an error; the default one may move up when it is taken.
    server: { open, ...(port === undefined ? {} : { port, strictPort: true }) },
  });
  await server.listen().catch(async (error) => {
    await server.close();
    throw error;
  });
  server.printUrls();
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => server.close().finally(() => process.exit(0)));
  }
}

function parse(args) {
  const options = { open: true, port: undefined };
  for (let i = 0; i < args.length; i++) {
    if (args[i] === '--no-open') options.open = false;
    else if (args[i] === '--port') options.port = portOf(args[++i]);
    else if (args[i].startsWith('--port=')) options.port = portOf(args[i].slice('--port='.length));
    else fail(`Unknown option "${args[i]}".`);
  }
  return options;
}

function portOf(text) {
  const port = Number(text);
  if (!/^\d+$/.test(text ?? '') || port > 65535) fail(`--port needs a number from 0 to 65535, not "${text ?? ''}".`);
  return port;
}

function fail(message) {
  process.stderr.write(`${message} ${usage}\n`);
  process.exit(2);
}
