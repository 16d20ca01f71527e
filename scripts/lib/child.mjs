import { spawn } from 'node:child_process';
import { root } from './paths.mjs';

/** Runs `node <args>` as `runProgram` does. */
export function runNode(args, options) {
  return runProgram(process.execPath, args, options);
}

/** Runs a program at the root with inherited output and resolves to its exit code; a signal counts as 1. */
export function runProgram(program, args, { env = {}, stdio = 'inherit' } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: root, stdio, env: { ...process.env, ...env } });
    const forward = (signal) => child.kill(signal);
    const signals = ['SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.on(signal, forward);
    child.on('error', reject);
    child.on('close', (code) => {
      for (const signal of signals) process.off(signal, forward);
      resolve(code ?? 1);
    });
  });
}
