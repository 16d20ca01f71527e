import { choiceField, type Json, numberField, refuseUnknownKeys } from '../schedule/fields.ts';
import type { ModelSpec } from './policy.ts';
import { readWords } from './read-words.ts';

/** One number that a policy is set by, and the letter it has in names: `N3`. */
export interface NumberSetting {
  readonly letter: string;
  /** The same for every model, or one for each kind. */
  readonly default: number | Readonly<Record<ModelSpec['kind'], number>>;
  readonly least: number;
  readonly most: number;
  /** Fractions are allowed. */
  readonly fraction?: boolean;
}

export type Settings = Readonly<Record<string, NumberSetting>>;
export type Values<S extends Settings, F extends string> = { readonly [key in keyof S]: number } & {
  readonly [key in F]: boolean;
};

/** How a policy with a few numbers is written: as settings, as text after its name, as the name of a run. */
export class NumberWords<S extends Settings, F extends string = never> {
  constructor(
    readonly policy: string,
    readonly settings: S,
    /** Settings that are true or false, and a word of that name when they are true. */
    readonly flags: readonly F[] = [],
  ) {}

  /**
   * What follows the name: `N3_O2`, or `3` for the first setting alone.
   * @throws WebDiTError `bad-argument`, naming the word, or the setting that is out of its range.
   */
  parse(text: string): Readonly<Record<string, number | boolean>> {
    const remedy = `Write for example ${this.name(this.read({})).replace('_', ':')}.`;
    const settings = readWords<Record<string, number | boolean>>(
      { policy: this.policy, text, remedy },
      (word, index) => {
        const flag = this.flags.find((name) => name === word);
        if (flag !== undefined) return { [flag]: true };
        const [, letter, value] = /^([A-Za-z]*)((?:0|[1-9]\d*)(?:\.\d+)?)$/.exec(word) ?? [];
        const keys = Object.keys(this.settings);
        const key = letter === '' && index === 0 ? keys[0] : keys.find((k) => this.settings[k]?.letter === letter);
        if (key === undefined || value === undefined) return null;
        return value.includes('.') && !this.settings[key]?.fraction ? null : { [key]: Number(value) };
      },
    ) as Record<string, number | boolean>;
    this.read(settings);
    return settings;
  }

  /**
   * Every setting, those that are not given at their default for a model of this kind.
   * @throws WebDiTError `bad-argument`, naming the setting.
   */
  read(config: Json, kind: ModelSpec['kind'] = 'dit'): Values<S, F> {
    const context = { what: `The cache policy "${this.policy}"`, code: 'bad-argument' } as const;
    refuseUnknownKeys(config, [...Object.keys(this.settings), ...this.flags], context);
    const numbers = Object.entries(this.settings).map(([key, { least, most, fraction, ...setting }]) => {
      if (config[key] === undefined) {
        return [key, typeof setting.default === 'number' ? setting.default : setting.default[kind]];
      }
      const expected = `a ${fraction ? '' : 'whole '}number from ${least} to ${most}`;
      const valid = (value: number) =>
        value >= least && value <= most && (fraction ? Number.isFinite(value) : Number.isInteger(value));
      return [key, numberField(config, key, expected, valid, context)];
    });
    const flags = this.flags.map((key) => [
      key,
      config[key] === undefined ? false : choiceField(config, key, [true, false], context),
    ]);
    return Object.fromEntries([...numbers, ...flags]) as Values<S, F>;
  }

  /** A name that `parse` reads back: `taylorseer_N3_O2`. */
  name(values: Values<S, F>): string {
    const numbers = Object.entries(this.settings).map(([key, { letter }]) => `${letter}${values[key]}`);
    return [this.policy, ...numbers, ...this.flags.filter((flag) => values[flag])].join('_');
  }
}
