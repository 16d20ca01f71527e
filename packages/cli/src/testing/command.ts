import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const runner = fileURLToPath(new URL('../../../../scripts/run.mjs', import.meta.url));

export interface Finished {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts `webdit <args>` as a user does, in a process of its own. */
export function spawnWebdit(...args: string[]): { readonly child: ChildProcess; readonly finished: Promise<Finished> } {
  const child = spawn(process.execPath, [runner, 'webdit', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text;
    });
  }
  const closed = new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  return { child, finished: closed.then((code) => ({ code, ...texts })) };
}

/** Runs `webdit <args>` as a user does, in a process of its own. */
export function webdit(...args: string[]): Promise<Finished> {
  return spawnWebdit(...args).finished;
}
