import { WebDiTError } from '../errors.ts';
import { maxSteps } from '../samplers/timesteps.ts';
import { type Json, numberField, refuseUnknownKeys } from '../schedule/fields.ts';
import { checkPatternLength, parseRuns, printRuns, splitSegments } from '../schedule/pattern.ts';
import { scheduleSettings } from '../schedule/schedule.ts';
import { readSettings } from '../schedule/settings.ts';
import { nearestSchedule } from './nearest-schedule.ts';
import type { CachePolicy, RunSpec } from './policy.ts';
import { type PredictionForecast, predictionSteps } from './prediction-steps.ts';
import { defaultBudget } from './procache/derive.ts';
import { readWords } from './read-words.ts';

const name = 'procache+';
const context = { what: `The cache policy "${name}"`, code: 'bad-argument' } as const;

/** The best of a few on emoji-dit; higher orders grow unstable at low budgets. */
export const forecastDefaults: PredictionForecast = { order: 1, correction: 0.5 };

interface Plan extends PredictionForecast {
  /** 1 full, 0 forecast. */
  readonly pattern: string;
}

/**
 * WebDiT's own policy. It puts together:
 *
 * - ProCache's searched, non-uniform schedule, without the rule that full steps never get further apart and with the last step
 *   free: full steps lie where the error of the final latents is least, on pictures that no result is reported on.
 * - TaylorSeer's forecast, by divided differences on the schedule's uneven spacing, but of the model's prediction alone: on
 *   emoji-dit that is as close as forecasting every branch, and between full steps it runs nothing, keeps a few latents where a
 *   feature cache keeps all branches, and costs no FLOPs worth the name.
 * - What neither has: at a full step the error of the forecasts becomes known, and half of what it did to the latents is taken back,
 *   as the corrector of a multistep solver does.
 *
 * It has no selective steps: what they recompute for some tokens, a forecast comes close to for all of them.
 *
 * Settings: `pattern` of 1 (full) and 0 (forecast), or `budget`, the number of full steps; `order` of the forecast, 0 to 4;
 * `correction`, 0 to 1. As text `procache+:B17`, `procache+:B17_O2_c0`. Without a pattern the model folder's schedule for these
 * steps and sampler is taken, the one whose budget is nearest; else one is derived.
 */
export const procachePlus: CachePolicy = {
  name,
  parse: parseWords,
  plan(run, config) {
    const { pattern, order, correction, derived } = choose(run, config);
    checkPatternLength(pattern, run.steps);
    if (pattern.includes('2')) {
      throw new WebDiTError(
        'bad-argument',
        `${context.what} has no selective steps, but its pattern has some.`,
        'Write 1 for full steps and 0 for the others, or use procache.',
      );
    }
    return {
      name: `${name}_p${printRuns(splitSegments(pattern))}_O${order}_c${correction}`,
      derived,
      selection: null,
      steps: predictionSteps(pattern, { order, correction }, run.moves),
    };
  },
};

function choose(run: RunSpec, config: Json): Plan & { readonly derived: boolean } {
  refuseUnknownKeys(config, ['pattern', 'budget', 'order', 'correction'], context);
  const { pattern, order, correction } = readSettings(config, context);
  const given = { ...(order === undefined ? {} : { order }), ...(correction === undefined ? {} : { correction }) };
  if (pattern !== undefined) {
    if (config.budget === undefined) return { ...forecastDefaults, ...given, pattern, derived: false };
    throw new WebDiTError('bad-argument', `${context.what} has both a pattern and a budget.`, 'Leave one of them out.');
  }
  const budget =
    config.budget === undefined
      ? undefined
      : numberField(
          config,
          'budget',
          `a whole number from 1 to ${run.steps}`,
          (v) => Number.isInteger(v) && v >= 1 && v <= run.steps,
          context,
        );
  const schedule = nearestSchedule(run.schedules, run.steps, budget);
  if (schedule === undefined) {
    const pattern = forecastPattern(run.steps, budget ?? defaultBudget(run.steps));
    return { ...forecastDefaults, ...given, pattern, derived: true };
  }
  const found = scheduleSettings(schedule);
  const known = ['pattern', 'order', 'correction'];
  refuseUnknownKeys({ ...found }, known, { ...context, what: `${context.what}: its schedule` });
  return { ...forecastDefaults, ...found, ...given, pattern: schedule.pattern, derived: false };
}

/**
 * The first two steps full, so that there is a slope to go by, and the rest evenly spread to the last step but one: of the steps
 * there are, the last adds least.
 */
export function forecastPattern(steps: number, budget: number): string {
  const full = new Set([0]);
  const others = budget - 1;
  const span = steps - (budget < steps ? 3 : 2);
  for (let i = 0; i < others; i++) full.add(others === 1 ? 1 : 1 + Math.round((i * span) / (others - 1)));
  return Array.from({ length: steps }, (_, n) => (full.has(n) ? '1' : '0')).join('');
}

function parseWords(text: string): Readonly<Record<string, unknown>> {
  const remedy = `Write for example ${name}:B17 or ${name}:B17_O2_c0.`;
  return readWords<Record<string, unknown>>({ policy: name, text, remedy }, (word) => {
    const [, letter, value = ''] = /^([pBOc])([\dx.]+)$/.exec(word) ?? [];
    if (letter === 'p') {
      const pattern = parseRuns(value, maxSteps)?.join('');
      return pattern === undefined ? null : { pattern };
    }
    if (letter === 'c' && /^\d+(\.\d+)?$/.test(value)) return { correction: Number(value) };
    if (letter === undefined || letter === 'c' || !/^\d+$/.test(value)) return null;
    return { [letter === 'B' ? 'budget' : 'order']: Number(value) };
  });
}
