import { badUsage, type CommandLine } from './arguments.ts';
import { readBytes } from './files.ts';

/** What a command paints. */
export interface PaintInput {
  /** A class, a prompt, or a file that holds one. */
  readonly input:
    | { readonly label: string }
    | { readonly prompt: string; readonly negativePrompt?: string }
    | { readonly promptEmbeds: Uint8Array };
  /** The class, the prompt or the file, for what is printed. */
  readonly what: string;
}

/** The options behind `readInput` that are for text models. */
export const promptOptions = ['prompt', 'negative-prompt', 'prompt-embeds'];

/** @throws usage errors unless the line names one of a class, a prompt and a file with a prompt. */
export async function readInput({ values }: CommandLine): Promise<PaintInput> {
  const { label, prompt, 'negative-prompt': negativePrompt, 'prompt-embeds': file } = values;
  const given = Object.entries({ label, prompt, 'prompt-embeds': file }).filter(([, value]) => value !== undefined);
  if (given.length !== 1) {
    const [first, second] = given.map(([name]) => `--${name}`);
    throw badUsage(
      first === undefined ? 'Nothing says what to paint.' : `${first} and ${second} both say what to paint.`,
      'Pass --label to a model with classes, or --prompt or --prompt-embeds FILE.safetensors to a text model.',
    );
  }
  if (negativePrompt !== undefined && prompt === undefined) {
    throw badUsage('--negative-prompt goes with --prompt alone.', 'Leave it out, or pass --prompt.');
  }
  if (file !== undefined) return { input: { promptEmbeds: await readBytes(file) }, what: file };
  if (label !== undefined) return { input: { label }, what: label };
  return {
    input: { prompt: prompt ?? '', ...(negativePrompt === undefined ? {} : { negativePrompt }) },
    what: prompt ?? '',
  };
}
