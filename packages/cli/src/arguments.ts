import { parseArgs } from 'node:util';
import { checkSamplerName, WebDiTError } from '@webdit/core';

export interface CommandLine {
  /** Values of the options given, by name. */
  readonly values: Readonly<Record<string, string>>;
  readonly positionals: readonly string[];
  /** The flags given. */
  readonly flags: ReadonlySet<string>;
}

export function badUsage(message: string, remedy: string): WebDiTError {
  return new WebDiTError('bad-argument', message, remedy);
}

/**
 * Reads `--name value` options, `--flag`s and positional arguments.
 *
 * @param names the options there are; every one takes a value.
 * @param positionals how many positional arguments the command takes; `some` for one or more.
 * @param flags the options that take no value.
 * @throws WebDiTError `bad-argument`.
 */
export function readCommandLine(
  args: readonly string[],
  names: readonly string[],
  positionals: number | 'some',
  flags: readonly string[] = [],
): CommandLine {
  const options = Object.fromEntries([
    ...names.map((name) => [name, { type: 'string' as const }]),
    ...flags.map((name) => [name, { type: 'boolean' as const }]),
  ]);
  const known = names.map((name) => `--${name}`).join(', ');
  const without = flags.map((name) => `, and --${name}, which takes none`).join('');
  let parsed: { values: Record<string, unknown>; positionals: string[] };
  try {
    parsed = parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    // Node's messages go on to explain, over several lines; the first sentence names the argument.
    const [sentence] = (error as Error).message.split(/\.\s/);
    throw badUsage(`${sentence}.`.replace(/\.\.$/, '.'), `Options here are ${known}, each with a value${without}.`);
  }
  const given = parsed.positionals.length;
  if (positionals === 'some' ? given === 0 : given !== positionals) {
    throw badUsage(
      `This command takes ${positionals} argument${positionals === 1 ? '' : 's'} besides its options, not ${given}.`,
      'See webdit --help.',
    );
  }
  const entries = Object.entries(parsed.values);
  return {
    values: Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string')),
    positionals: parsed.positionals,
    flags: new Set(entries.flatMap(([name, value]) => (value === true ? [name] : []))),
  };
}

/** `--scheduler`, a sampler as `generate` takes it. @throws WebDiTError `bad-argument` for a name that no sampler has. */
export function samplerOption({ values }: CommandLine): string | undefined {
  return values.scheduler === undefined ? undefined : checkSamplerName(values.scheduler);
}

/** Arguments as they are kept with results: of every path but the hub's only its last part; folders are nobody else's business. */
export function withoutFolders(args: readonly string[]): string[] {
  return args.map((arg) => (/^(--[^=]+=)?hf:/.test(arg) ? arg : arg.replace(/^(--[^=]+=)?.*[\\/]/, '$1')));
}

/** A command as it is kept with its results. */
export function printCommand(name: string, args: readonly string[]): string {
  return `webdit ${name} ${withoutFolders(args).join(' ')}`;
}

/** @throws WebDiTError `bad-argument` when the option is missing or empty. */
export function requireOption({ values }: CommandLine, name: string): string {
  const value = values[name];
  if (!value) throw badUsage(`The option --${name} is missing.`, `Add --${name}; see webdit --help.`);
  return value;
}

/** A decimal number, or undefined when the option is not given. @throws WebDiTError `bad-argument`. */
export function numberOption({ values }: CommandLine, name: string): number | undefined {
  const text = values[name];
  if (text === undefined) return undefined;
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!Number.isFinite(value))
    throw badUsage(`--${name} is "${text}", which is not a finite number.`, 'Pass a number.');
  return value;
}

/** @throws WebDiTError `bad-argument` unless the option is missing or a whole number from `low` to `high`. */
export function integerOption(line: CommandLine, name: string, low: number, high: number): number | undefined {
  const value = numberOption(line, name);
  if (value === undefined || (Number.isInteger(value) && value >= low && value <= high)) return value;
  throw badUsage(`--${name} is ${line.values[name]}.`, `Pass a whole number from ${low} to ${high}.`);
}

/** The items of `a,b,c`; undefined when the option is not given. @throws WebDiTError `bad-argument` for an empty one. */
export function listOption({ values }: CommandLine, name: string): string[] | undefined {
  const items = values[name]?.split(',').map((item) => item.trim());
  if (items?.includes('')) throw badUsage(`--${name} is "${values[name]}".`, 'Pass names separated by commas.');
  return items;
}

/** One of some words, or undefined when the option is not given. @throws WebDiTError `bad-argument`. */
export function choiceOption<T extends string>(
  { values }: CommandLine,
  name: string,
  allowed: readonly T[],
): T | undefined {
  const value = values[name];
  if (value === undefined || (allowed as readonly string[]).includes(value)) return value as T | undefined;
  const others = allowed.slice(0, -1).join(', ');
  throw badUsage(`--${name} is "${value}".`, `Pass ${others === '' ? '' : `${others} or `}${allowed.at(-1)}.`);
}

/** A seed: a bigint only where a number would lose digits. @throws WebDiTError `bad-argument`. */
export function seedOption({ values }: CommandLine): number | bigint | undefined {
  const text = values.seed;
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(text) || BigInt(text) >= 2n ** 64n) {
    throw badUsage(`--seed is "${text}".`, 'Pass a whole number from 0 to 18446744073709551615.');
  }
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : BigInt(text);
}
