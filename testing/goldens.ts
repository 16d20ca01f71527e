import { fileURLToPath } from 'node:url';
import { webdit } from '../packages/cli/src/testing/command.ts';

const goldens = fileURLToPath(new URL('../goldens/', import.meta.url));

const fast = process.env.WEBDIT_ADAPTER === 'lavapipe';
const capped = process.env.WEBDIT_MAX_BINDING !== undefined;
const long = ['procache-28-tiny'];
const pixArt = ['pixart-tiny', 'pixart-tiny-microcond'];
const vae = 'vae-tiny';

/**
 * Tiny golden folders: the 250 steps of ProCache's and PixArt's belong to the full tests on SwiftShader, which takes a minute for the
 * former; there, and with capped bindings, one PixArt is enough.
 */
export const tinyGoldens = {
  smoke: ['dit-original-tiny', 'dit-diffusers-tiny', ...(fast ? [...long, ...pixArt, vae] : [])],
  full: fast ? [] : [...long, capped ? 'pixart-tiny' : 'pixart-tiny-microcond', vae],
  /** With targets for f16 arithmetic, which SwiftShader has not. */
  f16: fast ? [...pixArt, vae] : [],
};

/** Runs `webdit verify` on a golden folder, on this project's adapter and binding cap. */
export async function verifyGolden(
  folder: string,
  options: readonly string[] = [],
): Promise<{ exitCode: number | null; lastLine: string; output: string }> {
  const { WEBDIT_ADAPTER: adapter = 'default', WEBDIT_MAX_BINDING: most } = process.env;
  const cap = most ? ['--max-binding-mib', String(Number(most) / 2 ** 20)] : [];
  const { code, stdout, stderr } = await webdit(
    'verify',
    `${goldens}${folder}`,
    '--adapter',
    adapter,
    ...cap,
    ...options,
  );
  return { exitCode: code, lastLine: stdout.trimEnd().split('\n').at(-1) ?? '', output: `${stdout}${stderr}` };
}
