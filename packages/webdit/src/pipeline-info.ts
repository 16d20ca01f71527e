import { latentGrid } from '@webdit/core';
import type { ModelFolder, StorageOutcome } from '@webdit/weights';
import type { DrawingParts, PlanRunner } from './pictures.ts';
import { previewNotes } from './previews.ts';
import { shortName } from './progress.ts';
import { encoderRefusal } from './text/encoder-memory.ts';
import type { PipelineInfo, TuningInfo } from './types.ts';

/** What an engine has loaded. */
export interface DescribedParts extends Omit<DrawingParts, 'folder' | 'schedules' | 'model'> {
  readonly folder: ModelFolder;
  readonly model: Pick<PlanRunner, 'math' | 'kernels'> & {
    readonly tuning: TuningInfo;
    /** On the GPU. */
    readonly bytes: { readonly current: number };
  };
  /** What the source has stored; null when it stores nothing. */
  readonly storage: StorageOutcome | null;
}

/** What the user may know about a loaded pipeline. */
export function describe(
  parts: DescribedParts,
  thread: PipelineInfo['thread'],
  notes: readonly string[],
): PipelineInfo {
  const { device, holder, folder, model, vae, encoder, dtype, storage } = parts;
  const { config } = folder;
  const { height, width } = latentGrid(config);
  const textRefusal = folder.text && encoderRefusal(folder.text);
  const { state, storedBytes, networkBytes } = storage ?? { state: 'files', storedBytes: 0, networkBytes: 0 };
  return {
    name: shortName(folder.name),
    thread,
    device,
    adapter: holder.adapterInfo,
    dtype,
    math: model.math,
    vaeBackend: vae?.backend ?? null,
    vaeThreads: vae?.threads ?? null,
    kernels: model.kernels,
    tuning: model.tuning,
    model: {
      latentShape: [config.inChannels, height, width],
      imageSize: vae?.imageSizeOf({ height, width }) ?? null,
      imageEncoder: encoder !== null,
      depth: config.depth,
      hiddenSize: config.hiddenSize,
      numClasses: config.kind === 'dit' ? config.numClasses : 0,
      text:
        config.kind === 'pixart'
          ? {
              width: config.captionChannels,
              maxTokens: config.maxCaptionTokens,
              prompts: folder.text !== null && !textRefusal,
            }
          : null,
      defaults: folder.defaults,
      schedules: folder.schedules,
    },
    storage: { state, storedBytes, networkBytes },
    notes: [
      ...notes,
      ...folder.notes,
      ...(vae?.note ? [vae.note] : []),
      ...(folder.vae && !vae ? ['Results are latents, because this VAE decodes on a GPU alone.'] : []),
      ...(textRefusal ? [`${textRefusal.message} ${textRefusal.remedy}`] : []),
      ...(storage?.notes ?? []),
      ...previewNotes(folder),
    ],
    gpuBytes: model.bytes.current + (vae?.gpuBytes ?? 0),
  };
}
