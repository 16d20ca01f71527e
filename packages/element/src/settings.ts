import type { CacheSpec, FromPretrainedOptions, GenerateOptions, LabelInput } from 'webdit';

/** What a picture is painted from: the element's attributes at the moment it is asked for. Null stands for a default. */
export interface Settings {
  readonly model: string;
  readonly label: string | number;
  readonly steps: number | null;
  readonly guidance: number | null;
  readonly seed: number | bigint | null;
  readonly cache: CacheSpec | null;
  readonly dtype: string | null;
  readonly device: string | null;
}

/** Settings that change which model is in memory; the others change the picture only. */
export const modelSettings = ['model', 'dtype', 'device'] as const;
export const pictureSettings = [...modelSettings, 'label', 'steps', 'guidance', 'seed', 'cache'] as const;

/** Settings that an attribute holds as a number. */
export const numericSettings = ['steps', 'guidance', 'seed'] as const;

/** A `generate` call of the library. */
export interface Call {
  readonly input: LabelInput;
  readonly options: GenerateOptions<'imageData'> & { readonly seed: number | bigint };
}

/** The call that paints these settings. A seed that is not set is drawn here, so that the run can begin again with the same one. */
export function toCall({ label, steps, guidance, seed, cache, device }: Settings): Call {
  return {
    input: { label },
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

const examples = { steps: '50', guidance: '3', seed: '7' } as const;

/** The library's message with the attributes' names for its options. */
export function inAttributes(message: string): string {
  return message.replace(/^numInferenceSteps\b/, 'steps').replace(/^guidanceScale\b/, 'guidance');
}

function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

function randomSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] as number;
}
