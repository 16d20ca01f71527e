import { WebDiTError } from '../errors.ts';
import type { SelectionSpec } from '../plan.ts';
import { choiceField, type Json, numberField, refuseUnknownKeys } from '../schedule/fields.ts';
import { checkPatternLength, reversePattern } from '../schedule/pattern.ts';
import { type Schedule, scheduleSettings } from '../schedule/schedule.ts';
import { readSettings, type ScheduleSettings, settingKeys } from '../schedule/settings.ts';
import { keepWhatIsRead } from './keep-what-is-read.ts';
import { nearestSchedule } from './nearest-schedule.ts';
import { patternSteps } from './pattern-steps.ts';
import type { CachePolicy, PolicyPlan, RunSpec } from './policy.ts';
import { defaultBudget, derivePattern } from './procache/derive.ts';
import { parseProCacheWords, proCacheName, type ResolvedProCache } from './procache/name.ts';
import { defaultDeepLayerStart, defaultMode, fitsGrid, presetsOf, printSides } from './procache/presets.ts';
import { tokensToRecompute } from './procache/tokens.ts';

const context = { what: 'The cache policy "procache"', code: 'bad-argument' } as const;

/**
 * ProCache: a non-uniform pattern of full, reused and selective steps. A selective step reuses everything but the MLP of the
 * deepest layers, and their cross-attention in a PixArt, which it recomputes for a few tokens. "ProCache: Constraint-Aware Feature Caching with Selective Computation
 * for Diffusion Transformer Acceleration", AAAI 2026; docs/procache.md.
 *
 * Settings: those of a schedule (`ScheduleSettings`), all optional, or `budget`, the number of full steps, in place of
 * `pattern`. As text, words of a plan's name: `procache:B11`, `procache:paper`, `procache:s4x6.3x4.2x7_D21_r0.07`. Without a
 * pattern the model folder's schedule for these steps and sampler is taken, the one whose budget is nearest; else one is
 * derived. Either way `reversed` runs the pattern backwards, its first step full: what the authors' PixArt code does, which the
 * paper does not mean; the plan has the name of the pattern that runs.
 */
export const procache: CachePolicy = { name: 'procache', parse: (text) => ({ ...parseProCacheWords(text) }), plan };

function plan(run: RunSpec, config: Json): PolicyPlan {
  const { settings, derived } = chooseSettings(run, config);
  const resolved = resolve(run, settings);
  const computed = patternSteps(resolved.pattern, (n) => tokensToRecompute(run, resolved, n, resolved.deepLayerStart));
  const steps = keepWhatIsRead(computed, run.tokens);
  return {
    name: proCacheName(resolved, run.kind),
    derived,
    selection: steps.some(({ kind }) => kind === 'selective') ? selectionOf(resolved) : null,
    steps,
  };
}

type PatternSettings = ScheduleSettings & { readonly pattern: string };

/** Settings with the pattern that runs. */
function chooseSettings(run: RunSpec, config: Json): { settings: PatternSettings; derived: boolean } {
  const { reversed, ...rest } = config;
  const { settings, derived } = choosePattern(run, rest);
  if (reversed === undefined || !choiceField(config, 'reversed', [true, false], context)) return { settings, derived };
  return { settings: { ...settings, pattern: reversePattern(settings.pattern) }, derived };
}

/** Settings with a pattern: the caller's, a schedule's below the caller's other settings, or a derived one. */
function choosePattern(run: RunSpec, config: Json): { settings: PatternSettings; derived: boolean } {
  refuseUnknownKeys(config, [...settingKeys.filter((key) => key !== 'order'), 'budget', 'reversed'], context);
  const given = readSettings(config, context);
  if (given.pattern !== undefined) {
    if (config.budget !== undefined) {
      throw new WebDiTError(
        'bad-argument',
        `${context.what} has both a pattern and a budget.`,
        'Leave one of them out.',
      );
    }
    return { settings: { ...given, pattern: given.pattern }, derived: false };
  }
  const budget =
    config.budget === undefined
      ? undefined
      : numberField(config, 'budget', 'a whole number from 1', (v) => Number.isInteger(v) && v >= 1, context);
  const schedule = chooseSchedule(run, given, budget);
  if (schedule !== undefined) {
    return { settings: { ...scheduleSettings(schedule), ...given, pattern: schedule.pattern }, derived: false };
  }
  const pattern = derivePattern(run.steps, budget ?? defaultBudget(run.steps), run.kind);
  return { settings: { ...given, pattern }, derived: true };
}

/** The folder's schedule of the wanted mode and budget. */
function chooseSchedule(run: RunSpec, given: ScheduleSettings, budget: number | undefined): Schedule | undefined {
  const fitting = run.schedules.filter(({ mode = defaultMode }) => given.mode === undefined || given.mode === mode);
  return nearestSchedule(fitting, run.steps, budget);
}

/** Fills in what the mode and the model decide, and checks the rest against the run. */
function resolve(run: RunSpec, settings: PatternSettings): ResolvedProCache {
  refuseUnknownKeys({ order: settings.order }, [], context);
  const preset = presetsOf(run.kind)[settings.mode ?? defaultMode];
  const { pattern, staleness = preset.staleness, deepLayerStart = defaultDeepLayerStart(run.depth) } = settings;
  checkPatternLength(pattern, run.steps);
  if (deepLayerStart > run.depth) {
    throw new WebDiTError(
      'schedule-mismatch',
      `The schedule recomputes from layer ${deepLayerStart}, but the model has ${run.depth} layers.`,
      `Use a deepLayerStart from 0 to ${run.depth}.`,
    );
  }
  return {
    pattern,
    deepLayerStart,
    tokenRatio: settings.tokenRatio ?? preset.tokenRatio,
    ratioSchedule: settings.ratioSchedule ?? preset.ratioSchedule,
    score: settings.score ?? preset.score,
    // what changes nothing is the same run as nothing, and has its name
    staleness: staleness?.weight === 0 ? null : staleness,
    bonus: resolveBonus(run, settings.bonus, preset.bonus),
    shareCfg: settings.shareCfg ?? preset.shareCfg,
  };
}

/** The bonus asked for, which must fit the grid of tokens, else the mode's where it fits. */
function resolveBonus(
  run: RunSpec,
  given: SelectionSpec['bonus'] | undefined,
  preset: SelectionSpec['bonus'],
): SelectionSpec['bonus'] {
  const bonus = given === undefined ? preset : given;
  if (bonus === null || bonus.ratio === 0) return null;
  if (fitsGrid(bonus, run.grid)) return bonus;
  if (given === undefined) return null;
  throw new WebDiTError(
    'schedule-mismatch',
    `The bonus window of ${bonus.window} does not divide the model's ${printSides(run.grid)}.`,
    'Use a window that does, or set bonus to null.',
  );
}

function selectionOf({ score, staleness, bonus, shareCfg }: ResolvedProCache): SelectionSpec {
  return { score, staleness, bonus, shareCfg };
}
