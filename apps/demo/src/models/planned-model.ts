import type { ModelPlan, PolicyMemory } from 'webdit';
import type { ModelChoice } from './model-choice.ts';

/** Downloads of more bytes are asked about first. */
const largeDownload = 100e6;

/** A model the visitor wants, and what it would take. */
export interface PlannedModel {
  readonly choice: ModelChoice;
  readonly plan: ModelPlan;
}

/** Reads what a model would take, uncached and with the page's own policy; nothing of its weights but their header. */
export async function planChoice(choice: ModelChoice): Promise<PlannedModel> {
  const { planModel } = await import('webdit');
  return { choice, plan: await planModel(choice.source, { policies: ['none', 'procache'] }) };
}

/** What the plan of a load says of a run: uncached, and with a cache. */
export function runsOf({ dtypes }: ModelPlan): { readonly none: PolicyMemory; readonly cached: PolicyMemory } {
  const [none, cached] = dtypes[0]?.policies ?? [];
  if (!none || !cached) throw new RangeError('The plan is for other policies');
  return { none, cached };
}

/** Bytes to fetch: none of files that are here already. */
export function downloadOf({ choice, plan }: PlannedModel): number {
  const { weights, vae } = plan.download;
  return choice.source instanceof URL ? weights + (vae ?? 0) : 0;
}

/** It fits, and costs so little that nobody need be asked. */
export function loadsAtOnce(planned: PlannedModel): boolean {
  return runsOf(planned.plan).none.fits && downloadOf(planned) <= largeDownload;
}
