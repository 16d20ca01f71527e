import { type DeviceHolder, DiTModel, timesKernels } from '@webdit/gpu';
import { type ModelFolder, type ModelSource, openModelFolder, type StorageOutcome } from '@webdit/weights';
import { automaticDType } from './dtype.ts';
import { fillModel } from './fill-model.ts';
import type { LatentDecoder } from './latent-decoder.ts';
import type { LatentEncoder } from './latent-encoder.ts';
import type { EngineOptions } from './load-request.ts';
import { FitCheck } from './planning/check-fit.ts';
import { tuningAlone, tuningStore } from './tuning-store.ts';
import type { DType, ProgressEvent } from './types.ts';

/** A loaded model and everything it needs to draw. */
export interface EngineParts {
  readonly device: 'webgpu';
  readonly holder: DeviceHolder;
  readonly folder: ModelFolder;
  readonly model: DiTModel;
  /** Null when the folder has none. */
  readonly vae: LatentDecoder | null;
  readonly encoder: LatentEncoder | null;
  readonly dtype: DType;
  /** What the source has stored; null when it stores nothing. */
  readonly storage: StorageOutcome | null;
}

/**
 * Streams a folder's weights onto the GPU, compiles the pipelines and opens the VAE.
 * @throws WebDiTError from any of these, the first that fails, or `signal.reason`; at once, the rest is stopped. Nothing stays
 *   allocated then, and the device stays open.
 */
export async function loadParts(
  source: ModelSource,
  options: EngineOptions,
  holder: DeviceHolder,
  {
    signal,
    onProgress,
  }: { readonly signal?: AbortSignal | undefined; readonly onProgress: (event: ProgressEvent) => void },
): Promise<EngineParts> {
  const folder = await openModelFolder(source, { signal });
  const dtype = options.dtype === 'auto' ? automaticDType(folder) : options.dtype;
  const fit = await FitCheck.of(folder, dtype, holder);
  fit.refuse();
  const model = await DiTModel.create(holder, folder.config, {
    weightDType: dtype,
    math: options.math,
    tuning: { when: options.tune, store: tuningStore(), alone: tuningAlone },
  }).catch((error: unknown) => {
    throw fit.explain(error);
  });
  const filled = await fillModel(model, {
    source,
    folder,
    options,
    holder,
    dtype,
    // What opening the VAE asks of the processor and the GPU would be timed with the kernels.
    vaeFirst: timesKernels(options.tune, holder),
    signal,
    onProgress,
  });
  return { device: 'webgpu', holder, folder, model, dtype, ...filled };
}
