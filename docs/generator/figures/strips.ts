import {
  type Calibration,
  compileRunPlan,
  parseCalibration,
  parseSchedule,
  type RunPlan,
  type Schedule,
  type StepKind,
} from '../../../packages/core/src/index.ts';
import { openModelFolder } from '../../../packages/weights/src/index.ts';
import { pathSource } from '../../../packages/weights/src/node.ts';
import { repositoryPath } from '../../../testing/repository.ts';
import { escapeHtml } from '../markdown.ts';

let folder: Awaited<ReturnType<typeof openModelFolder>>;
let schedules: readonly Schedule[];
let calibrations: readonly Calibration[];

/** Opens the bundled model, whose plans are drawn. */
export async function openBundledModel(): Promise<void> {
  folder = await openModelFolder(pathSource(repositoryPath('models/emoji-dit')));
  schedules = await readAll(folder.schedules, parseSchedule);
  calibrations = await readAll(folder.calibrations, parseCalibration);
}

function readAll<T>(paths: readonly string[], parse: (json: unknown, path: string) => T): Promise<T[]> {
  return Promise.all(
    paths.map(async (path) => parse(JSON.parse(new TextDecoder().decode(await folder.read(path))), path)),
  );
}

/** By kind, in the order of their cost: how tall a mark is, and where its middle lies. */
const marks = {
  full: { height: 32, middle: 17 },
  selective: { height: 20, middle: 11 },
  forecast: { height: 14, middle: 17 },
  reuse: { height: 8, middle: 17 },
  skip: { height: 4, middle: 17 },
} as const satisfies Record<StepKind, object>;
const kinds = Object.keys(marks) as StepKind[];
const cell = 14;

/** The steps of the bundled model's 50-step run with each policy: full ones tall, selective ones raised, reused ones short. */
export function stepStrips(caches: readonly string[]): string {
  const plans = caches.map((cache) => [cache, planOf(cache)] as const);
  const used = kinds.filter((kind) => plans.some(([, { steps }]) => steps.some((step) => step.kind === kind)));
  const legend = used.map((kind) => `<li>${mark(kind)}${kind}</li>`).join('');
  return `<figure class="strips">
${plans.map(([cache, plan]) => strip(cache, plan)).join('\n')}
<figcaption><ul>${legend}</ul>The 50 steps of the bundled model, from noise on the left to picture on the right.</figcaption>
</figure>`;
}

function planOf(cache: string): RunPlan {
  const { config: model, scheduler: sampler, defaults } = folder;
  const { numInferenceSteps: steps, guidanceScale } = defaults;
  return compileRunPlan({ model, sampler, steps, guidanceScale, label: 0, cache, schedules, calibrations });
}

function strip(cache: string, plan: RunPlan): string {
  const counts = kinds.map((kind) => [kind, plan.steps.filter((step) => step.kind === kind).length] as const);
  const said = counts.flatMap(([kind, count]) => (count > 0 ? [`${count} ${kind}`] : [])).join(', ');
  const bars = plan.steps.map(({ kind }, n) => bar(kind, n * cell)).join('');
  return `<div><p><code>${escapeHtml(cache)}</code> <span>${said}</span></p>
<svg viewBox="0 0 ${plan.steps.length * cell} 34" role="img" aria-label="${said} steps">${bars}</svg></div>`;
}

function bar(kind: StepKind, left: number): string {
  const width = kind === 'full' ? 7 : 6;
  const { height, middle } = marks[kind];
  return `<rect class="${kind}" x="${left + (cell - width) / 2}" y="${middle - height / 2}" width="${width}" height="${height}" rx="1"/>`;
}

function mark(kind: StepKind): string {
  return `<svg viewBox="0 0 ${cell} 34" aria-hidden="true">${bar(kind, 0)}</svg>`;
}
