import { type TransformerConfig, WebDiTError } from '@webdit/core';

/**
 * Takes a config apart key by key. A key that is missing, has the wrong type, or that nobody asked about is refused by
 * name: it might change numbers. Keys that begin with `_` are notes.
 */
export class ConfigReader {
  readonly #config: Readonly<Record<string, unknown>>;
  readonly #path: string;
  readonly #seen = new Set<string>();

  /** @throws WebDiTError `unsupported-config` when `json` is not an object. */
  constructor(json: unknown, path: string) {
    if (typeof json !== 'object' || json === null || Array.isArray(json)) {
      throw unsupported(`${path} is not a JSON object.`);
    }
    this.#config = json as Record<string, unknown>;
    this.#path = path;
  }

  /** A whole number of at least 1. */
  count(key: string, fallback?: number): number {
    return this.#read(key, fallback, 'a whole number of at least 1', (v) => Number.isSafeInteger(v) && Number(v) >= 1);
  }

  positive(key: string, fallback?: number): number {
    const valid = (v: unknown) => typeof v === 'number' && Number.isFinite(v) && v > 0;
    return this.#read(key, fallback, 'a positive number', valid);
  }

  boolean(key: string): boolean {
    return this.#read<boolean>(key, undefined, 'true or false', (v) => typeof v === 'boolean');
  }

  text(key: string): string {
    return this.#read<string>(key, undefined, 'a string', (v) => typeof v === 'string' && v !== '');
  }

  /** A string or null when the key is missing. */
  optionalText(key: string): string | null {
    return this.has(key) ? this.text(key) : null;
  }

  has(key: string): boolean {
    this.#seen.add(key);
    return (this.#config[key] ?? null) !== null;
  }

  /** The whole object, for configs whose unknown keys do no harm. */
  all(): Readonly<Record<string, unknown>> {
    return this.#config;
  }

  raw(key: string): unknown {
    this.#seen.add(key);
    return this.#config[key];
  }

  /** A key with one implemented meaning; missing means that one too. */
  fixed(key: string, ...values: readonly unknown[]): void {
    const value = this.raw(key) ?? values[0];
    if (values.some((v) => JSON.stringify(v) === JSON.stringify(value))) return;
    const allowed = values.map((v) => JSON.stringify(v)).join(' or ');
    throw unsupported(`${this.#path} has ${key} ${JSON.stringify(value)}; WebDiT implements ${allowed}.`);
  }

  /** Keys that do not change what the model computes. */
  ignore(...keys: readonly string[]): void {
    for (const key of keys) this.#seen.add(key);
  }

  /** Refuses what nobody asked about. */
  done(): void {
    for (const [key, value] of Object.entries(this.#config)) {
      if (key.startsWith('_') || this.#seen.has(key) || value === null) continue;
      throw unsupported(`${this.#path} has the key ${key}, which WebDiT does not know.`);
    }
  }

  fail(what: string): WebDiTError {
    return unsupported(`${this.#path} ${what}.`);
  }

  #read<T>(key: string, fallback: T | undefined, expected: string, valid: (value: unknown) => boolean): T {
    const value = this.raw(key) ?? fallback;
    if (value === undefined) throw unsupported(`${this.#path} has no key ${key}.`);
    if (valid(value)) return value as T;
    throw unsupported(`${this.#path} has ${key} ${JSON.stringify(value)}, which is not ${expected}.`);
  }
}

export function unsupported(message: string): WebDiTError {
  return new WebDiTError(
    'unsupported-config',
    message,
    'Use a model folder that WebDiT supports, or correct the config.',
  );
}

/** @throws WebDiTError `unsupported-config` for sizes that do not divide. */
export function checkDivisibility<T extends TransformerConfig>(config: T, path: string): T {
  const { inputSize, patchSize, hiddenSize, numHeads, frequencyEmbeddingSize } = config;
  const fail = (what: string) => unsupported(`${path}: ${what}.`);
  if (!Number.isInteger(inputSize / patchSize)) {
    throw fail(`input size ${inputSize} is not a multiple of patch size ${patchSize}`);
  }
  if (hiddenSize % numHeads !== 0) throw fail(`hidden size ${hiddenSize} is not a multiple of ${numHeads} heads`);
  if (hiddenSize % 4 !== 0)
    throw fail(`hidden size ${hiddenSize} is not a multiple of 4, which the position table needs`);
  if (frequencyEmbeddingSize % 2 !== 0) throw fail(`the frequency embedding size ${frequencyEmbeddingSize} is odd`);
  if (config.kind === 'pixart' && config.sizeConditions && hiddenSize % 3 !== 0) {
    throw fail(`hidden size ${hiddenSize} is not a multiple of 3, which conditions of size need`);
  }
  return config;
}
