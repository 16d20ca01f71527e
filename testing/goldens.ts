import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const runner = fileURLToPath(new URL('../scripts/run.mjs', import.meta.url));
const goldens = fileURLToPath(new URL('../goldens/', import.meta.url));

const fast = process.env.WEBDIT_ADAPTER === 'lavapipe';
const long = ['procache-28-tiny'];

/** Tiny golden folders: the 250 steps of ProCache's belong to the full tests on SwiftShader, which takes a minute for them. */
export const tinyGoldens = {
  smoke: ['dit-original-tiny', 'dit-diffusers-tiny', ...(fast ? long : [])],
  full: fast ? [] : long,
};

/** Runs `webdit verify` on a golden folder, on this project's adapter and binding cap. */
export async function verifyGolden(
  folder: string,
): Promise<{ exitCode: number | null; lastLine: string; output: string }> {
  const { WEBDIT_ADAPTER: adapter = 'default', WEBDIT_MAX_BINDING: cap } = process.env;
  const args = [runner, 'webdit', 'verify', `${goldens}${folder}`, '--adapter', adapter];
  if (cap) args.push('--max-binding-mib', String(Number(cap) / 2 ** 20));
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text;
    });
  }
  const exitCode = await new Promise<number | null>((resolve, reject) =>
    child.on('error', reject).on('close', resolve),
  );
  const lastLine = texts.stdout.trimEnd().split('\n').at(-1) ?? '';
  return { exitCode, lastLine, output: `${texts.stdout}${texts.stderr}` };
}
