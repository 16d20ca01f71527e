import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { executed, ruleOf } from '../docs/blocks/commands.ts';
import { allBlocks } from '../docs/blocks/extract.ts';
import { newcomersClone } from '../docs/blocks/newcomer.ts';
import { commandsIn, type ShellCommand } from '../docs/blocks/shell.ts';
import { test as base, expect } from './fixture.ts';
import { type StaticServer, serveStatic } from './static-server.ts';

export { expect };

/** Every code block of the repository's pages. */
export const blocks = allBlocks();

/** Every command of them. */
export const commands = blocks.filter(({ language }) => language === 'sh').flatMap(commandsIn);

export interface Newcomer {
  /** A folder like a fresh clone. */
  readonly folder: string;
  /** Serves the clone's my-site. */
  readonly host: StaticServer;
  /** Headers that come with it. */
  send(headers: Readonly<Record<string, string>>): void;
}

/** Whether a command lays a site out, for the examples after it: those of the pages on getting started and model folders. */
export const isPreparation = (command: ShellCommand) =>
  /^docs\/(getting-started|model-folders)\.md:/.test(command.place) &&
  ruleOf(command) === executed &&
  command.words[0] !== 'python3';

/** Somebody who has a clone and the docs, and does what they say. */
export const test = base.extend<object, { newcomer: Newcomer }>({
  newcomer: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the pattern.
    async ({}, use) => {
      const { folder, remove } = newcomersClone();
      for (const command of commands) if (isPreparation(command)) runIn(folder, command.words);
      let sent: Readonly<Record<string, string>> = {};
      const host = await serveStatic(join(folder, 'my-site'), () => sent);
      const send = (headers: Readonly<Record<string, string>>) => {
        sent = headers;
      };
      await use({ folder, host, send });
      await host.close();
      remove();
    },
    { scope: 'worker', timeout: 180_000 },
  ],
});

/** Runs a command. @returns what it printed. @throws Error unless it ends with 0, with `stderr`. */
export function runIn(folder: string, [program = '', ...args]: readonly string[]): string {
  return execFileSync(program, args, {
    cwd: folder,
    env: environmentIn(folder),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** What a command meets in a folder. */
export function environmentIn(folder: string): NodeJS.ProcessEnv {
  // `npm run -s`, as CI calls the tests, would silence the npm of the command too.
  const { FORCE_COLOR: _, npm_config_loglevel: __, ...env } = process.env;
  // As a shell there sets PWD; npm takes it for where it was called.
  return { ...env, PWD: folder, NO_COLOR: '1', PYTHONUNBUFFERED: '1' };
}
