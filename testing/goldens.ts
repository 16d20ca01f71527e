import { fileURLToPath } from 'node:url';
import { webdit } from '../packages/cli/src/testing/command.ts';

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
  const capped = cap ? ['--max-binding-mib', String(Number(cap) / 2 ** 20)] : [];
  const { code, stdout, stderr } = await webdit('verify', `${goldens}${folder}`, '--adapter', adapter, ...capped);
  return { exitCode: code, lastLine: stdout.trimEnd().split('\n').at(-1) ?? '', output: `${stdout}${stderr}` };
}
