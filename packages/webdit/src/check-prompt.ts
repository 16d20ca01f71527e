import { badArgument, refuseUnknownKeys, show } from './check-values.ts';
import { noEncoder } from './text/refusals.ts';
import type { PipelineInfo } from './types.ts';

type TextInfo = NonNullable<PipelineInfo['model']['text']>;

/** Whether an input is a prompt, in words or as embeddings. */
export const isPrompt = (input: object): boolean =>
  ['prompt', 'negativePrompt', 'promptEmbeds'].some((key) => key in input);

/**
 * Checks the words of a prompt, where it has any; what else it is made of is checked where the model is known.
 * @throws WebDiTError `bad-argument`.
 */
export function checkPrompt(input: object): void {
  if (!('prompt' in input || 'negativePrompt' in input)) return;
  if ('promptEmbeds' in input) {
    throw badArgument(
      'A prompt is given in words and as embeddings.',
      'Give { prompt, negativePrompt }, or { promptEmbeds, negativePromptEmbeds }.',
    );
  }
  checkWords(input);
}

/** @throws WebDiTError `bad-argument`. */
export function checkWords(input: object): void {
  refuseUnknownKeys(input, ['prompt', 'negativePrompt'], 'A prompt');
  const { prompt, negativePrompt = '' } = input as { readonly prompt?: unknown; readonly negativePrompt?: unknown };
  for (const [name, text] of Object.entries({ prompt, negativePrompt })) {
    if (typeof text !== 'string') throw badArgument(`${name} is ${show(text)}.`, 'Give a text.');
  }
}

/**
 * @param text of the model's `info`.
 * @throws WebDiTError `bad-argument` for a model of classes, `unsupported-config` for one without a text encoder.
 */
export function requireWords(text: TextInfo | null): TextInfo {
  const known = requireText(text);
  if (known.prompts) return known;
  throw noEncoder();
}

/** @throws WebDiTError `bad-argument` for a model of classes. */
export function requireText(text: TextInfo | null): TextInfo {
  if (text) return text;
  throw badArgument(
    'This model draws one of its classes and does not read prompts.',
    "Give { label: '…' } with a class id, name or emoji instead.",
  );
}
