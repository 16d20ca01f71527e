import { encodePromptEmbeds, type PromptEmbeds } from '@webdit/weights';
import { embedPrompt } from 'webdit/node';
import { readCommandLine, requireOption } from '../arguments.ts';
import type { Command } from '../command.ts';
import { checkWritable, writeBytes } from '../files.ts';
import { modelSource } from '../model-source.ts';
import { vaeWasmPaths } from '../vae-runtime.ts';

/** Writes what a folder's text encoder makes of a prompt. Needs no GPU. */
export const embed: Command = async (args, output) => {
  const line = readCommandLine(args, ['model', 'prompt', 'negative-prompt', 'out', 'adapter'], 0);
  const model = requireOption(line, 'model');
  const prompt = requireOption(line, 'prompt');
  const out = requireOption(line, 'out');
  await checkWritable(out);
  const input = { prompt, negativePrompt: line.values['negative-prompt'] ?? '' };
  const embedded = await embedPrompt(modelSource(model), input, {
    wasmPaths: vaeWasmPaths(),
    onProgress: (event) => {
      if (event.status === 'progress_total') output.progress(`loading ${event.progress.toFixed(0)} %`);
    },
    onWarning: ({ message }) => output.line(message),
  });
  await writeBytes(out, encodePromptEmbeds(embedded));
  output.line(`wrote ${out}: ${summary(embedded)}`);
  return 0;
};

function summary({ promptEmbeds, promptAttentionMask, negativePromptAttentionMask }: PromptEmbeds): string {
  const counting = (mask: PromptEmbeds['promptAttentionMask']) => mask?.data.filter((value) => value === 1).length;
  const [, tokens, width] = promptEmbeds.shape;
  return `${counting(promptAttentionMask)} tokens, ${counting(negativePromptAttentionMask)} in the negative prompt, padded to ${tokens}, width ${width}`;
}
