import { type CacheSpec, type TimestepSpacing, WebDiTError } from '@webdit/core';

export interface ForwardCase {
  readonly type: 'forward';
  readonly name: string;
  /** Names of tensors. */
  readonly sample: string;
  readonly timestep: string;
  readonly class_labels: string;
  readonly expected: string;
}

/** Tokens recomputed in one layer at one step: ids per batch row, in any order. */
export interface TokenSet {
  readonly n: number;
  readonly layer: number;
  readonly rows: readonly (readonly number[])[];
}

export interface SampleCase {
  readonly type: 'sample';
  readonly name: string;
  readonly spacing?: TimestepSpacing;
  readonly timesteps: readonly number[];
  readonly init: string;
  readonly guidance_scale: number;
  readonly guidance_channels: number;
  readonly class_label: number;
  readonly cache?: CacheSpec;
  readonly expected_latents: string;
  /** Step -> tensor name. */
  readonly expected_hidden?: Readonly<Record<string, string>>;
  /** Tokens that selective steps recompute, per batch row. */
  readonly expected_tokens?: readonly TokenSet[];
  readonly expected_image?: string;
}

export type GoldenCase = ForwardCase | SampleCase;

/** A golden folder's `golden.json`; the format is in `goldens/README.md`. */
export interface Golden {
  /** The model folder, relative to the golden folder. */
  readonly model: string;
  /** Tensor kind -> largest error, or least PSNR. */
  readonly targets: Readonly<Record<string, number>>;
  readonly cases: readonly GoldenCase[];
}

const kinds = ['dit', 'procache'];

/** Fields a case must have, and their types. */
const required: Readonly<Record<GoldenCase['type'], Readonly<Record<string, 'string' | 'number' | 'object'>>>> = {
  forward: { name: 'string', sample: 'string', timestep: 'string', class_labels: 'string', expected: 'string' },
  sample: {
    name: 'string',
    timesteps: 'object',
    init: 'string',
    guidance_scale: 'number',
    guidance_channels: 'number',
    class_label: 'number',
    expected_latents: 'string',
  },
};

/** @throws WebDiTError `format`; `unsupported-config` for a kind of golden or case that cannot be run. */
export function parseGolden(json: unknown): Golden {
  const golden = record(json, 'golden.json');
  if (golden.format !== 'webdit-golden/1') throw bad(`golden.json has the format ${JSON.stringify(golden.format)}`);
  if (!kinds.includes(golden.kind as string)) {
    throw new WebDiTError(
      'unsupported-config',
      `Goldens of kind ${JSON.stringify(golden.kind)} cannot be verified.`,
      `Use a golden folder of kind ${kinds.join(' or ')}.`,
    );
  }
  if (typeof golden.model !== 'string') throw bad('golden.json names no model');
  const targets = record(golden.targets, 'targets');
  for (const [kind, target] of Object.entries(targets)) {
    if (typeof target !== 'number' || !(target > 0)) throw bad(`The target for ${kind} is not a positive number`);
  }
  if (!Array.isArray(golden.cases)) throw bad('golden.json has no cases');
  return {
    model: golden.model,
    targets: targets as Readonly<Record<string, number>>,
    cases: golden.cases.map(parseCase),
  };
}

function parseCase(json: unknown): GoldenCase {
  const entry = record(json, 'A case');
  const fields = required[entry.type as GoldenCase['type']];
  if (fields === undefined) {
    throw new WebDiTError(
      'unsupported-config',
      `Cases of type ${JSON.stringify(entry.type)} cannot be verified.`,
      `Use cases of type ${Object.keys(required).join(' or ')}.`,
    );
  }
  for (const [field, type] of Object.entries(fields)) {
    const value = entry[field];
    if (typeof value !== type || value === null) throw bad(`Case ${String(entry.name)} has no ${field}`);
  }
  return entry as unknown as GoldenCase;
}

/**
 * The cases that `--runs a,b` names, or all.
 *
 * @throws WebDiTError `bad-argument` for a name that is not there.
 */
export function selectCases(cases: readonly GoldenCase[], runs: string | undefined): GoldenCase[] {
  if (runs === undefined) return [...cases];
  return runs.split(',').map((name) => {
    const found = cases.find((entry) => entry.name === name.trim());
    if (found) return found;
    throw new WebDiTError(
      'bad-argument',
      `The golden folder has no run "${name}".`,
      `Use some of: ${cases.map((entry) => entry.name).join(', ')}.`,
    );
  });
}

function record(json: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as Record<string, unknown>;
  throw bad(`${what} is not an object`);
}

function bad(message: string): WebDiTError {
  return new WebDiTError('format', `${message}.`, 'Compare the golden folder with goldens/README.md.');
}
