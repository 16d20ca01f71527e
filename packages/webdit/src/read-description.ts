import { samplerName } from '@webdit/core';
import { describeModelFolder, type ModelSource } from '@webdit/weights';
import type { ModelDescription } from './describe-model.ts';
import { sourceOf } from './load-request.ts';
import type { TransferableModel } from './model-input.ts';
import { shortName } from './progress.ts';
import { FolderSchedules } from './schedules.ts';

/** @throws like `describeModel`. */
export async function readDescription(
  model: TransferableModel | ModelSource,
  accessToken: string | null,
  signal: AbortSignal | undefined,
): Promise<ModelDescription> {
  const folder = await describeModelFolder(sourceOf(model, 'read-only', accessToken), { signal });
  return {
    name: shortName(folder.name),
    config: folder.config,
    sampler: folder.scheduler,
    samplerName: samplerName(folder.scheduler),
    defaults: folder.defaults,
    ...(await new FolderSchedules(folder).all(signal)),
    classes: () => folder.classes(),
  };
}
