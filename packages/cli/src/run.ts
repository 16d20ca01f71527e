import { WebDiTError } from '@webdit/core';
import type { Command, Output } from './command.ts';
import { generate } from './commands/generate.ts';
import { inspect } from './commands/inspect.ts';
import { verify } from './commands/verify.ts';

const commands: Readonly<Record<string, Command>> = { generate, verify, inspect };

const help = `webdit: diffusion transformers on WebGPU

webdit generate --model DIR --label NAME|EMOJI|ID [--seed N] [--steps N] [--guidance X] [--guidance-channels N]
                [--cache POLICY] [--out FILE.png] [--latents-in F] [--latents-out F] [--json F]
webdit verify DIR [--runs a,b] [--steps N] [--max-binding-mib N]
webdit inspect DIR [--num-heads N]

Every command takes --adapter default|swiftshader|lavapipe. Latents are safetensors files.
Exit codes: 0 done, 1 the work failed, 2 bad usage.`;

/** Errors that lie in what was typed. */
const usageCodes: readonly string[] = ['bad-argument', 'unknown-label', 'unknown-policy'];

/**
 * Runs one command line.
 *
 * @param reportError takes a one-line message with its remedy.
 * @returns the exit code: 0 done, 1 the work failed, 2 bad usage.
 */
export async function run(
  args: readonly string[],
  output: Output,
  reportError: (line: string) => void,
): Promise<number> {
  const [name, ...rest] = args;
  try {
    if (name === 'help' || args.includes('--help') || args.includes('-h')) {
      output.line(help);
      return 0;
    }
    return await findCommand(name)(rest, output);
  } catch (error) {
    reportError(oneLine(error));
    return error instanceof WebDiTError && usageCodes.includes(error.code) ? 2 : 1;
  }
}

function findCommand(name: string | undefined): Command {
  const command = name !== undefined && Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command) return command;
  throw new WebDiTError(
    'bad-argument',
    name === undefined ? 'No command was given.' : `There is no command "${name}".`,
    `Use one of: ${Object.keys(commands).join(', ')}; see webdit --help.`,
  );
}

function oneLine(error: unknown): string {
  if (error instanceof WebDiTError) return error.toString().replace(/\s*\n\s*/g, ' ');
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return `unexpected error: ${text.replace(/\s*\n\s*/g, ' ')} Please report it, with the command that caused it.`;
}
