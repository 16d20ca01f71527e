import { WebDiTError } from '@webdit/core';
import type { Command, Output } from './command.ts';
import { bench } from './commands/bench.ts';
import { calibrateModel } from './commands/calibrate.ts';
import { compare } from './commands/compare.ts';
import { convert } from './commands/convert.ts';
import { embed } from './commands/embed.ts';
import { fitPreviewMap } from './commands/fit-preview.ts';
import { generate } from './commands/generate.ts';
import { inspect } from './commands/inspect.ts';
import { manifest } from './commands/manifest.ts';
import { merge } from './commands/merge.ts';
import { search } from './commands/search.ts';
import { synth } from './commands/synth.ts';
import { verify } from './commands/verify.ts';

const commands: Readonly<Record<string, Command>> = {
  generate,
  embed,
  compare,
  search,
  merge,
  verify,
  bench,
  inspect,
  manifest,
  convert,
  synth,
  calibrate: calibrateModel,
  'fit-preview': fitPreviewMap,
};

const help = `webdit: diffusion transformers on WebGPU

webdit generate --model DIR --label NAME|EMOJI|ID [--seed N] [--steps N] [--guidance X] [--guidance-channels N]
                [--cache POLICY|F.json] [--scheduler S] [--out FILE.png] [--latents-in F] [--latents-out F] [--json F]
webdit generate --model DIR --label NAME --image FILE.png [--strength X] ...
webdit generate --model DIR --prompt TEXT [--negative-prompt TEXT] [--height N] [--width N] ...
webdit generate --model DIR --prompt-embeds F.safetensors [--height N] [--width N] ...
webdit embed --model DIR --prompt TEXT [--negative-prompt TEXT] --out F.safetensors
webdit compare --model DIR --policies a,b,c [--pairs N] [--steps N] [--fewer-steps 25,dpmpp@16] [--guidance X]
               [--scheduler S] [--seed N] [--labels a,b] [--shard I/N] [--resume F] [--json F] [--markdown F]
webdit compare --model DIR --study F.json [--from F,F] [--resume F] [--json F] [--markdown F] [--svg F]
webdit compare --model DIR --study F.json --stage tune|report|final [--from F,F] [--shard I/N] [--resume F] [--json F]
webdit search --model DIR --steps N --budget N --reuse 1-3 --out F.json [--pairs N] [--guidance X] [--mode released|paper]
              [--scheduler S] [--seed N] [--labels a,b] [--cap N] [--sample-seed N] [--resume F]
webdit search --model DIR --steps N --budget N --reuse 1-3 --shard I/N --resume F.json ...
webdit search --steps N --budget N --reuse 1-3 --enumerate
webdit search --model DIR --policy procache+ --steps N --budget N --out F.json [--evaluations N] [--start 1100..,1010..]
              [--order N] [--correction X] [--pairs N] [--guidance X] [--scheduler S] [--seed N] [--labels a,b]
              [--sample-seed N] [--resume F]
webdit merge SHARD.json ... --json F [--markdown F]
webdit verify DIR [--runs a,b] [--steps N] [--max-binding-mib N]
webdit bench [--quick] [--sweep matmul|attention] [--json F]
webdit inspect DIR [--num-heads N] [--dtype D] [--policies a,b] [--steps N] [--guidance X] [--memory-mib N]
webdit manifest DIR
webdit convert IN OUT [--dtype f32|f16|int8] [--num-heads N]
webdit synth dit-xl-2|dit-s-2|pixart-xl-2|pixart-tiny OUT [--dtype f32|f16] [--seed N] [--size 256|512|1024]
webdit synth text-to-image-tiny OUT [--dtype f32|f16] [--seed N]
webdit synth sd-vae OUT [--width N] [--dtype f32|f16] [--seed N]
webdit fit-preview --model DIR --out F.json [--pairs N] [--steps N] [--guidance X] [--cache POLICY|F.json] [--seed N]
                   [--labels a,b | --prompt TEXT | --prompt-embeds F.safetensors]
webdit calibrate --model DIR --out F.json [--steps N] [--scheduler NAME] [--pairs N] [--guidance X] [--seed N]
                 [--labels 3,14]

Every command takes --adapter default|swiftshader|lavapipe; those that run a model take --dtype f32|f16|int8 and
--math f32|f16, and generate, compare, search and fit-preview take --tune auto|always|never (default never). Latents are safetensors
files. POLICY is a name such as procache, a name with settings such as fora:3 or procache:B11, or a schedule.
S is ddim, ddpm or dpmpp, or one with its timesteps such as dpmpp-trailing; the model's own by default.
Exit codes: 0 done, 1 the work failed, 2 bad usage.`;

/** Errors that lie in what was typed. */
const usageCodes: readonly string[] = ['bad-argument', 'unknown-label', 'unknown-policy', 'schedule-mismatch'];

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
