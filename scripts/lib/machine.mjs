import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from './paths.mjs';

/** Path of the Chromium for tests; downloads Playwright's when there is none. */
export function findChromium() {
  return ask('chromium');
}

/** Why a software adapter cannot be used here, by opening it as the tests do; undefined when it can. */
export function whyNoAdapter(name) {
  try {
    const { description, hasF16 } = JSON.parse(ask('adapter', name));
    const isOld = name === 'lavapipe' && !hasF16;
    return isOld ? `lavapipe: ${description} has no shader-f16, Mesa 24 or newer does.` : undefined;
  } catch (error) {
    return `${name}: ${error.message}`;
  }
}

function ask(...question) {
  const args = [join(root, 'scripts/probe.mjs'), ...question];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  if (status === 0) return stdout.trim();
  throw new Error(stderr.trim().split('\n').at(-1) || `probing for ${question.join(' ')} failed`);
}
