import { type ErrorCode, WebDiTError } from '../errors.ts';

export type Json = Readonly<Record<string, unknown>>;

/** Where fields come from, for errors: a file of the wrong format, or an argument. */
export interface FieldContext {
  /** How a sentence begins: `The schedule pizza.json`. */
  readonly what: string;
  readonly code: ErrorCode;
}

/** @throws WebDiTError with the context's code unless `json` is an object. */
export function asObject(json: unknown, context: FieldContext): Json {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new WebDiTError(context.code, `${context.what} is not an object.`, 'Pass an object of named settings.');
  }
  return json as Json;
}

/** @throws WebDiTError with the context's code, naming the first key that is not in `known`. */
export function refuseUnknownKeys(json: Json, known: readonly string[], context: FieldContext): void {
  const unknown = Object.keys(json).find((key) => json[key] !== undefined && !known.includes(key));
  if (unknown === undefined) return;
  throw new WebDiTError(
    context.code,
    `${context.what} sets "${unknown}", which means nothing here.`,
    known.length === 0 ? 'Remove it.' : `Remove it, or use one of: ${known.join(', ')}.`,
  );
}

/** @throws WebDiTError with the context's code, always. */
export function refuseField(key: string, value: unknown, expected: string, context: FieldContext): never {
  const shown = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? 'nothing');
  throw new WebDiTError(context.code, `${context.what} sets ${key} to ${shown}.`, `Use ${expected}.`);
}

/** A number for which `valid` holds. @throws WebDiTError with the context's code. */
export function numberField(
  json: Json,
  key: string,
  expected: string,
  valid: (value: number) => boolean,
  context: FieldContext,
): number {
  const value = json[key];
  return typeof value === 'number' && valid(value) ? value : refuseField(key, value, expected, context);
}

/** One of the values given. @throws WebDiTError with the context's code. */
export function choiceField<T>(json: Json, key: string, values: readonly T[], context: FieldContext): T {
  const found = values.find((value) => value === json[key]);
  return found === undefined
    ? refuseField(key, json[key], values.map((value) => JSON.stringify(value)).join(' or '), context)
    : found;
}

/** A string that is not empty. @throws WebDiTError with the context's code. */
export function stringField(json: Json, key: string, context: FieldContext): string {
  const value = json[key];
  return typeof value === 'string' && value !== '' ? value : refuseField(key, value, 'a name', context);
}
