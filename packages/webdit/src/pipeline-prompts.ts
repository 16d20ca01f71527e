import { abortable } from './abortable.ts';
import type { GenerateRequest } from './arguments.ts';
import type { EngineDriver } from './driver.ts';
import type {
  EncodedPrompt,
  EncodePromptOptions,
  GenerateInput,
  PipelineInfo,
  PromptInput,
  TextInput,
  WarningEvent,
} from './types.ts';

/** What reading a prompt needs of its pipeline. */
interface Reading {
  /** The pipeline's driver. @throws when it has been disposed of. */
  readonly alive: () => Pick<EngineDriver, 'encodeTexts'>;
  readonly signal: AbortSignal;
  readonly onProgress: NonNullable<EncodePromptOptions['onProgress']>;
  readonly onWarning: ((warning: WarningEvent) => void) | undefined;
}

type TextInfo = Pick<NonNullable<PipelineInfo['model']['text']>, 'width' | 'maxTokens'>;

/** Reads the prompts of one pipeline, one after the other: calls keep their order. */
export class PromptReader {
  /** Settled once the latest prompt has been read. */
  private latest: Promise<unknown> = Promise.resolve();

  /** Reads the prompt of a checked `generate` call, in words or as embeddings, and warns of what is left out. */
  read(request: GenerateRequest, input: GenerateInput, text: TextInfo, reading: Reading): Promise<GenerateRequest> {
    return this.inTurn(reading.signal, async () => {
      // A reader of files: pages of other models never download it.
      const { readPrompts } = await import('./prompts.ts');
      const guided = request.guidanceScale !== 1;
      const given = 'prompt' in input ? await encode(input, guided, text, reading) : (input as PromptInput);
      const { rows, warnings } = await readPrompts(given, guided, text);
      for (const warning of warnings) warn(reading, warning);
      // The pipeline may have been disposed of meanwhile.
      reading.alive();
      return { ...request, prompts: rows };
    });
  }

  /** What the text encoder makes of a prompt. */
  encode(input: TextInput, guided: boolean, text: TextInfo, reading: Reading): Promise<EncodedPrompt> {
    return this.inTurn(reading.signal, () => encode(input, guided, text, reading));
  }

  /** @throws what `work` throws; `signal.reason`, while it waits too. */
  private inTurn<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const before = this.latest.catch(() => {});
    const reading = before.then(() => {
      signal.throwIfAborted();
      return work();
    });
    this.latest = reading;
    return abortable(reading, signal);
  }
}

async function encode(
  { prompt, negativePrompt = '' }: TextInput,
  guided: boolean,
  { width, maxTokens }: TextInfo,
  reading: Reading,
): Promise<EncodedPrompt> {
  const { signal, onProgress } = reading;
  const texts = guided ? [prompt, negativePrompt] : [prompt];
  const encoded = await reading.alive().encodeTexts(texts, { signal, onProgress });
  signal.throwIfAborted();
  const rows = encoded.map(({ embeddings: data, mask, surplus }, row) => {
    const name = row === 0 ? 'prompt' : 'negativePrompt';
    if (surplus > 0) warn(reading, cut(name, maxTokens, surplus));
    return { embeds: { data, shape: [1, mask.length, width] }, mask };
  });
  const [positive, negative] = rows as [(typeof rows)[0], (typeof rows)[1]?];
  return {
    promptEmbeds: positive.embeds,
    promptAttentionMask: positive.mask,
    ...(negative && { negativePromptEmbeds: negative.embeds, negativePromptAttentionMask: negative.mask }),
  };
}

function cut(name: string, maxTokens: number, surplus: number): WarningEvent {
  const message = `${name} has ${maxTokens + surplus} tokens, and this model reads ${maxTokens}: ${surplus} before its end token are left out.`;
  return { code: 'prompt-cut', message };
}

/** Who listens to nothing finds it in the console. */
function warn({ onWarning }: Reading, warning: WarningEvent): void {
  if (onWarning) onWarning(warning);
  // biome-ignore lint/suspicious/noConsole: nobody would hear of it otherwise.
  else console.warn(warning.message);
}
