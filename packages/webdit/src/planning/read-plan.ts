import { type ModelSource, openModelFolder } from '@webdit/weights';
import { sourceOf } from '../load-request.ts';
import type { TransferableModel } from '../model-input.ts';
import { type PlanRequest, planFolder } from './plan-folder.ts';
import type { ModelPlan } from './types.ts';

/** @throws like `planModel`. */
export async function readPlan(
  model: TransferableModel | ModelSource,
  request: PlanRequest,
  accessToken: string | null,
): Promise<ModelPlan> {
  const source = sourceOf(model, 'read-only', accessToken);
  const folder = await openModelFolder(source, { signal: request.signal });
  return planFolder(source, folder, request);
}
