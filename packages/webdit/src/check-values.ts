import { WebDiTError } from '@webdit/core';

/** A `bad-argument` error. */
export function badArgument(message: string, remedy: string): WebDiTError {
  return new WebDiTError('bad-argument', message, remedy);
}

/** @throws WebDiTError `bad-argument` naming the first key that is not in `known`. */
export function refuseUnknownKeys(given: object, known: readonly string[], what: string): void {
  const unknown = Object.keys(given).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    throw badArgument(`${what} has no option "${unknown}".`, `Use only ${known.join(', ')}.`);
  }
}

/** @throws WebDiTError `bad-argument` unless `value` is an integer from `low` to `high`. */
export function requireInteger(value: unknown, name: string, low: number, high: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < low || value > high) {
    throw badArgument(`${name} is ${show(value)}.`, `Give a whole number from ${low} to ${high}.`);
  }
  return value;
}

/** @throws WebDiTError `bad-argument` unless `value` is an object. */
export function requireObject(value: unknown, what: string, example: string): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw badArgument(`${what} is ${show(value)}.`, `Give an object such as ${example}.`);
  }
}

/** A value as an error message shows it: short, and never throwing. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (typeof value === 'bigint') return `${value}n`;
  if (value === null || typeof value !== 'object') return String(value);
  return Array.isArray(value) ? 'an array' : 'an object';
}
