import type { CacheSpec, FromPretrainedOptions, GenerateOptions, LabelInput, TextInput } from 'webdit';

/** What a picture is of: a class, or of a text model a prompt in words. Null for what is not given. */
export interface Subject {
  readonly label: string | number | null;
  readonly prompt: string | null;
  readonly negativePrompt: string | null;
}

/** What a picture is painted from: the element's attributes at the moment it is asked for. Null stands for a default. */
export interface Settings extends Subject {
  readonly model: string;
  readonly steps: number | null;
  readonly guidance: number | null;
  readonly seed: number | bigint | null;
  readonly cache: CacheSpec | null;
  readonly dtype: string | null;
  readonly device: string | null;
}

/** Settings that change which model is in memory; the others change the picture only. */
export const modelSettings = ['model', 'dtype', 'device'] as const;
export const pictureSettings = [
  ...modelSettings,
  'label',
  'prompt',
  'negativePrompt',
  'steps',
  'guidance',
  'seed',
  'cache',
] as const;

/** Settings that an attribute holds as a number. */
export const numericSettings = ['steps', 'guidance', 'seed'] as const;

/** A `generate` call of the library. */
export interface Call {
  readonly input: LabelInput | TextInput;
  readonly options: GenerateOptions<'imageData'> & { readonly seed: number | bigint };
}

/** The call that paints these settings. A seed that is not set is drawn here, so that the run can begin again with the same one. */
export function toCall(settings: Settings): Call {
  const { steps, guidance, seed, cache, device } = settings;
  return {
    input: toInput(settings),
    options: {
      ...(steps === null ? {} : { numInferenceSteps: steps }),
      ...(guidance === null ? {} : { guidanceScale: guidance }),
      seed: seed ?? randomSeed(),
      // Nothing is cached on the processor.
      cache: cache ?? (device === 'wasm' ? 'none' : 'procache'),
      outputType: 'imageData',
    },
  };
}

function toInput({ label, prompt, negativePrompt }: Subject): LabelInput | TextInput {
  if (prompt === null) return { label: label ?? '' };
  return { prompt, ...(negativePrompt === null ? {} : { negativePrompt }) };
}

/** What a call paints, the other way round. */
export function subjectOf({ input }: Pick<Call, 'input'>): Subject {
  if ('label' in input) return { label: input.label, prompt: null, negativePrompt: null };
  return { label: null, prompt: input.prompt, negativePrompt: input.negativePrompt ?? null };
}

/** What loading these settings needs besides the model. The library refuses values that it does not know. */
export function toLoadOptions({ dtype, device }: Settings): FromPretrainedOptions {
  return {
    ...(dtype === null ? {} : { dtype: dtype as NonNullable<FromPretrainedOptions['dtype']> }),
    ...(device === null ? {} : { device: device as 'auto' | 'wasm' }),
  };
}

/** An attribute's text as a number; NaN for what is none, null without the attribute. */
export function toNumber(text: string | null): number | null {
  if (text === null) return null;
  return text.trim() === '' ? Number.NaN : Number(text);
}

/** As `toNumber`, exact for whole numbers up to 2^64. */
export function toSeed(text: string | null): number | bigint | null {
  const number = toNumber(text);
  const digits = text?.trim() ?? '';
  const isLong = /^\d{16,20}$/.test(digits);
  return isLong && !Number.isSafeInteger(number) ? BigInt(digits) : number;
}

/**
 * What is wrong with an attribute that should hold a number, in its own name and words.
 * @param attribute its text by name.
 * @returns message and remedy, or null.
 */
export function findNonNumber(
  settings: Settings,
  attribute: (name: string) => string | null,
): readonly [message: string, remedy: string] | null {
  const name = numericSettings.find((setting) => Number.isNaN(settings[setting]));
  if (name === undefined) return null;
  return [
    `The attribute ${name} is ${JSON.stringify(shorten(attribute(name) ?? ''))}, which is not a number.`,
    `Give a number, such as ${name}="${examples[name]}", or leave the attribute out.`,
  ];
}

/**
 * What is wrong with attributes that each make sense, and together do not say what to paint.
 * @returns message and remedy, or null.
 */
export function findUnclearSubject({
  label,
  prompt,
  negativePrompt,
}: Subject): readonly [message: string, remedy: string] | null {
  const remedy = 'Give label to a model with classes, or prompt to a text model.';
  if (label !== null && prompt !== null) return ['The attributes label and prompt both say what to paint.', remedy];
  if (negativePrompt !== null && prompt === null) {
    return ['The attribute negative-prompt goes with prompt alone.', 'Leave it out, or give prompt to a text model.'];
  }
  if (label !== null || prompt !== null) return null;
  return ['Neither label nor prompt says what to paint.', remedy];
}

const examples = { steps: '50', guidance: '3', seed: '7' } as const;

/** The library's message with the attributes' names for its options. */
export function inAttributes(message: string): string {
  return message
    .replace(/^numInferenceSteps\b/, 'steps')
    .replace(/^guidanceScale\b/, 'guidance')
    .replace(/^negativePrompt\b/, 'negative-prompt');
}

function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

function randomSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] as number;
}
