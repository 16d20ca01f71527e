import { maxSteps } from '../../samplers/timesteps.ts';
import {
  injectSelective,
  parseRuns,
  parseSegments,
  patternOfSegments,
  printRuns,
  printSegments,
  segmentLengths,
  splitSegments,
} from '../../schedule/pattern.ts';
import { ratioSchedules, type ScheduleSettings, scoreKinds } from '../../schedule/settings.ts';
import type { ModelSpec } from '../policy.ts';
import { readWords } from '../read-words.ts';
import { type presets, presetsOf, type SelectiveRule } from './presets.ts';

/** Everything that fixes what a `procache` run computes. */
export interface ResolvedProCache extends SelectiveRule {
  readonly pattern: string;
  readonly deepLayerStart: number;
}

/**
 * The name of a run, words joined by `_`. Two different runs never share one, and `parseProCacheWords` reads it back.
 *
 * - `s4x6.3x4.2x7`: segments, length x count, every second zero of a run selective; `s..._plain`: nothing selective, and so
 *   nothing else matters; `p1022x1.10x2`: segments written out, for any other pattern.
 * - `D21`: first layer recomputed. `r0.07`: base ratio.
 * - `paper` for the rule of that mode; else what differs from the rule released for this kind of model: `constant`,
 *   `toca-ddpm250`, `value-norm`, `value-norm-negative`, `nostale`, `stale<weight>x<period>`, `nobonus`,
 *   `bonus<window>x<ratio>`, `shared`, `unshared`.
 */
export function proCacheName(run: ResolvedProCache, kind: ModelSpec['kind'] = 'dit'): string {
  const { pattern, deepLayerStart, tokenRatio } = run;
  const segments = `s${printSegments(segmentLengths(pattern))}`;
  if (!pattern.includes('2')) return `procache_${segments}_plain`;
  const injected = injectSelective(pattern) === pattern;
  const words = [injected ? segments : `p${printRuns(splitSegments(pattern))}`, `D${deepLayerStart}`, `r${tokenRatio}`];
  const modes = presetsOf(kind);
  const rule = ruleWords(run, modes);
  const paper = ruleWords(modes.paper, modes).join('_');
  return ['procache', ...words, ...(rule.join('_') === paper ? ['paper'] : rule)].join('_');
}

/** What differs from the released rule, the base ratio aside. */
function ruleWords(rule: SelectiveRule, { released }: typeof presets): string[] {
  const { staleness, bonus } = rule;
  const words: string[] = [];
  if (rule.ratioSchedule !== released.ratioSchedule) words.push(rule.ratioSchedule);
  if (rule.score !== released.score) words.push(rule.score);
  if (staleness === null) words.push('nostale');
  else if (staleness.weight !== released.staleness?.weight || staleness.period !== released.staleness.period) {
    words.push(`stale${staleness.weight}x${staleness.period}`);
  }
  if (bonus === null) words.push('nobonus');
  else if (bonus.window !== released.bonus?.window || bonus.ratio !== released.bonus.ratio) {
    words.push(`bonus${bonus.window}x${bonus.ratio}`);
  }
  if (rule.shareCfg !== released.shareCfg) words.push(rule.shareCfg ? 'shared' : 'unshared');
  return words;
}

type Words = ScheduleSettings & { readonly budget?: number; readonly reversed?: boolean };

const number = String.raw`(\d+(?:\.\d+)?(?:e[+-]?\d+)?)`;

/** Word -> settings. Each sets keys that no other word of the same text may set. */
const grammar: readonly (readonly [RegExp, (first: string, second?: string) => Words | null])[] = [
  [
    /^s([\dx.]+)(_plain)?$/,
    (text, plain) => {
      const pattern = patternOfSegments(parseSegments(text));
      return { pattern: plain === undefined ? injectSelective(pattern) : pattern };
    },
  ],
  [
    /^p([\dx.]+)$/,
    (text) => {
      const pattern = parseRuns(text, maxSteps)?.join('');
      return pattern !== undefined && /^1[012]*$/.test(pattern) ? { pattern } : null;
    },
  ],
  [/^B([1-9]\d*)$/, (budget) => ({ budget: Number(budget) })],
  [/^D(\d+)$/, (layer) => ({ deepLayerStart: Number(layer) })],
  [new RegExp(`^r${number}$`), (ratio) => ({ tokenRatio: Number(ratio) })],
  [/^(paper|released)$/, (mode) => ({ mode: mode as 'paper' | 'released' })],
  [/^nostale$/, () => ({ staleness: null })],
  [new RegExp(`^stale${number}x${number}$`), (w, p) => ({ staleness: { weight: Number(w), period: Number(p) } })],
  [/^nobonus$/, () => ({ bonus: null })],
  [new RegExp(`^bonus(\\d+)x${number}$`), (w, r) => ({ bonus: { window: Number(w), ratio: Number(r) } })],
  [/^(un)?shared$/, (un) => ({ shareCfg: un === '' })],
  [/^reversed$/, () => ({ reversed: true })],
  ...ratioSchedules.map((ratioSchedule) => [new RegExp(`^${ratioSchedule}$`), () => ({ ratioSchedule })] as const),
  ...scoreKinds.map((score) => [new RegExp(`^${score}$`), () => ({ score })] as const),
];

/**
 * Settings from the words of a name, or from a few of them as users type them: `B11`, `paper`, `s4x6.3x4.2x7_D21`.
 *
 * @throws WebDiTError `bad-argument`, naming the word.
 */
export function parseProCacheWords(text: string): Words {
  const words = text.split(/_(?!plain(?:_|$))/);
  const remedy = 'Write for example procache:B17, procache:paper or procache:s4x6.3x4.2x7_D21_r0.07.';
  return readWords({ policy: 'procache', text, words, remedy }, readWord);
}

function readWord(word: string): Words | null {
  for (const [pattern, read] of grammar) {
    const match = pattern.exec(word);
    if (match) return read(match[1] ?? '', match[2]);
  }
  return null;
}
