import { type Branch, type CacheSpec, type TimestepSpacing, WebDiTError } from '@webdit/core';

export interface ForwardCase {
  readonly type: 'forward';
  readonly name: string;
  /** Names of tensors. */
  readonly sample: string;
  readonly timestep: string;
  /** Of a DiT. */
  readonly class_labels?: string;
  /** Of a text model: `[rows, tokens, channels]`, and `[rows, tokens]` with 0 for hidden tokens. */
  readonly encoder_hidden_states?: string;
  readonly encoder_attention_mask?: string;
  readonly expected: string;
}

/** Tokens recomputed in one layer at one step: ids per batch row, in any order. */
export interface TokenSet {
  readonly n: number;
  readonly layer: number;
  /** Of a text model, whose cross-attention chooses tokens of its own; by default the MLP's. */
  readonly branch?: Branch;
  readonly rows: readonly (readonly number[])[];
}

export interface SampleCase {
  readonly type: 'sample';
  readonly name: string;
  readonly spacing?: TimestepSpacing;
  readonly timesteps: readonly number[];
  /** Only so many of the first steps are run and expected; all by default. */
  readonly steps?: number;
  readonly init: string;
  readonly guidance_scale: number;
  readonly guidance_channels: number | 'all';
  /** Of a DiT. */
  readonly class_label?: number;
  /** Of a text model: rows of its prompts. */
  readonly prompt_row?: number;
  readonly negative_row?: number;
  readonly cache?: CacheSpec;
  readonly expected_latents: string;
  /** Step -> tensor name. */
  readonly expected_hidden?: Readonly<Record<string, string>>;
  /** Tokens that selective steps recompute, per batch row. */
  readonly expected_tokens?: readonly TokenSet[];
  readonly expected_image?: string;
}

/** The picture of finished latents, which are not divided by the VAE's scaling factor yet. */
export interface DecodeCase {
  readonly type: 'decode';
  readonly name: string;
  readonly latent: string;
  readonly expected: string;
}

export type GoldenCase = ForwardCase | SampleCase | DecodeCase;

/** Tensor kind -> largest error, or least PSNR or share. */
export type Targets = Readonly<Record<string, number>>;

/** A golden folder's `golden.json`; the format is in `goldens/README.md`. */
export interface Golden {
  /** What conditions its cases: classes, texts, or, of a VAE alone, nothing. */
  readonly conditions: Conditions;
  /** The model folder, relative to the golden folder. */
  readonly model: string;
  /** What made the numbers, in a sentence. */
  readonly reference: string | null;
  readonly targets: Targets;
  /** Targets of f16 arithmetic, where the folder has them. */
  readonly targetsF16: Targets | null;
  readonly cases: readonly GoldenCase[];
  /** What models with size conditions were told, in pixels. */
  readonly resolution: { readonly height: number; readonly width: number; readonly aspectRatio: number } | null;
}

/** What conditions the cases of each kind of golden. */
const kinds = { dit: 'class', procache: 'class', pixart: 'text', vae: 'none' } as const;
type Conditions = (typeof kinds)[keyof typeof kinds];

type Fields = Readonly<Record<string, 'string' | 'number' | 'object'>>;

/** Fields a case must have, and their types. */
const required: Readonly<Record<GoldenCase['type'], Fields>> = {
  forward: { name: 'string', sample: 'string', timestep: 'string', expected: 'string' },
  sample: {
    name: 'string',
    timesteps: 'object',
    init: 'string',
    guidance_scale: 'number',
    expected_latents: 'string',
  },
  decode: { name: 'string', latent: 'string', expected: 'string' },
};

/** And those it must have besides, by what conditions it. */
const conditions: Readonly<Record<Conditions, Partial<Record<GoldenCase['type'], Fields>>>> = {
  class: {
    forward: { class_labels: 'string' },
    sample: { class_label: 'number', guidance_channels: 'number' },
  },
  text: {
    forward: { encoder_hidden_states: 'string', encoder_attention_mask: 'string' },
    sample: { prompt_row: 'number', negative_row: 'number' },
  },
  none: {},
};

/** @throws WebDiTError `format`; `unsupported-config` for a kind of golden or case that cannot be run. */
export function parseGolden(json: unknown): Golden {
  const golden = record(json, 'golden.json');
  if (golden.format !== 'webdit-golden/1') throw bad(`golden.json has the format ${JSON.stringify(golden.format)}`);
  const kind = Object.entries(kinds).find(([name]) => name === golden.kind)?.[1];
  if (!kind) {
    throw new WebDiTError(
      'unsupported-config',
      `Goldens of kind ${JSON.stringify(golden.kind)} cannot be verified.`,
      `Use a golden folder of kind ${Object.keys(kinds).join(', ')}.`,
    );
  }
  if (typeof golden.model !== 'string') throw bad('golden.json names no model');
  if (!Array.isArray(golden.cases)) throw bad('golden.json has no cases');
  return {
    conditions: kind,
    model: golden.model,
    reference: typeof golden.reference === 'string' ? golden.reference : null,
    targets: parseTargets(golden.targets, 'targets'),
    targetsF16: golden.targets_f16 === undefined ? null : parseTargets(golden.targets_f16, 'targets_f16'),
    cases: golden.cases.map((entry) => parseCase(entry, kind)),
    resolution: golden.added_cond === undefined ? null : parseResolution(golden.added_cond),
  };
}

function parseTargets(json: unknown, what: string): Targets {
  const targets = record(json, what);
  for (const [kind, target] of Object.entries(targets)) {
    if (typeof target !== 'number' || !(target > 0)) throw bad(`The target for ${kind} is not a positive number`);
  }
  return targets as Targets;
}

/** Of `{resolution: [[height, width], ...], aspect_ratio: [[ratio], ...]}`, or null: all rows are told the same. */
function parseResolution(json: unknown): Golden['resolution'] {
  const { resolution, aspect_ratio: ratios } = record(json, 'added_cond');
  if (resolution === null && ratios === null) return null;
  const rows =
    Array.isArray(resolution) && Array.isArray(ratios) ? resolution.map((row, i) => [row, ratios[i]].flat()) : [];
  const [first] = rows;
  const isSame = rows.every((row) => JSON.stringify(row) === JSON.stringify(first));
  if (first?.length !== 3 || !isSame || !first.every((value) => typeof value === 'number')) {
    throw bad('added_cond is not the same height, width and aspect ratio for all rows');
  }
  const [height, width, aspectRatio] = first as [number, number, number];
  return { height, width, aspectRatio };
}

function parseCase(json: unknown, kind: Conditions): GoldenCase {
  const entry = record(json, 'A case');
  const caseType = entry.type as GoldenCase['type'];
  const fields = required[caseType];
  if (fields === undefined || (kind === 'none' && caseType !== 'decode')) {
    throw new WebDiTError(
      'unsupported-config',
      `Cases of type ${JSON.stringify(entry.type)} cannot be verified.`,
      `Use cases of type ${Object.keys(required).join(' or ')}.`,
    );
  }
  for (const [field, type] of Object.entries({ ...fields, ...conditions[kind][caseType] })) {
    const value = entry[field];
    if (typeof value !== type || value === null) throw bad(`Case ${String(entry.name)} has no ${field}`);
  }
  const { steps } = entry;
  if (steps !== undefined && !(Number.isInteger(steps) && (steps as number) >= 1)) {
    throw bad(`The steps of case ${String(entry.name)} are not a whole number from 1`);
  }
  return entry as unknown as GoldenCase;
}

/**
 * The cases of these names, or all.
 *
 * @throws WebDiTError `bad-argument` for a name that is not there.
 */
export function selectCases(cases: readonly GoldenCase[], names: readonly string[] | undefined): GoldenCase[] {
  if (names === undefined) return [...cases];
  return names.map((name) => {
    const found = cases.find((entry) => entry.name === name);
    if (found) return found;
    throw new WebDiTError(
      'bad-argument',
      `The golden folder has no run "${name}".`,
      `Use some of: ${cases.map((entry) => entry.name).join(', ')}.`,
    );
  });
}

/** What errors are held to when products are made in this arithmetic. */
export function targetsFor({ targets, targetsF16 }: Golden, math: 'f32' | 'f16'): Targets {
  return math === 'f16' && targetsF16 !== null ? targetsF16 : targets;
}

function record(json: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as Record<string, unknown>;
  throw bad(`${what} is not an object`);
}

function bad(message: string): WebDiTError {
  return new WebDiTError('format', `${message}.`, 'Compare the golden folder with goldens/README.md.');
}
