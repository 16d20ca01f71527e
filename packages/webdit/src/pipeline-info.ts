import type { ModelFolder } from '@webdit/weights';
import type { DrawingParts, PlanRunner } from './pictures.ts';
import { shortName } from './progress.ts';
import type { PipelineInfo, TuningInfo } from './types.ts';

/** What an engine has loaded. */
export interface DescribedParts extends Omit<DrawingParts, 'folder' | 'schedules' | 'model'> {
  readonly folder: ModelFolder;
  readonly model: Pick<PlanRunner, 'math' | 'kernels'> & {
    readonly tuning: TuningInfo;
    /** On the GPU. */
    readonly bytes: { readonly current: number };
  };
}

/** What the user may know about a loaded pipeline. */
export function describe(
  parts: DescribedParts,
  thread: PipelineInfo['thread'],
  notes: readonly string[],
): PipelineInfo {
  const { device, holder, folder, model, vae, dtype } = parts;
  const { config } = folder;
  return {
    name: shortName(folder.name),
    thread,
    device,
    adapter: holder.adapterInfo,
    dtype,
    math: model.math,
    vaeBackend: vae?.backend ?? null,
    kernels: model.kernels,
    tuning: model.tuning,
    model: {
      latentShape: [config.inChannels, config.inputSize, config.inputSize],
      imageSize: vae?.imageSize ?? null,
      depth: config.depth,
      hiddenSize: config.hiddenSize,
      numClasses: config.numClasses,
      defaults: folder.defaults,
      schedules: folder.schedules,
    },
    notes: vae?.note ? [...notes, vae.note] : notes,
    gpuBytes: model.bytes.current,
  };
}
