import { type DeviceHolder, DiTModel, timesKernels } from '@webdit/gpu';
import { type ModelFolder, type ModelSource, openModelFolder, openRequired } from '@webdit/weights';
import type { EngineOptions } from './load-request.ts';
import { LoadProgress } from './progress.ts';
import { tuningAlone, tuningStore } from './tuning-store.ts';
import type { DType, PipelineInfo, ProgressEvent } from './types.ts';
import { VaeDecoder } from './vae.ts';

/** A loaded model and everything it needs to draw. */
export interface EngineParts {
  readonly holder: DeviceHolder;
  readonly folder: ModelFolder;
  readonly model: DiTModel;
  /** Null when the folder has none. */
  readonly vae: VaeDecoder | null;
  readonly dtype: DType;
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
  hooks: { readonly signal?: AbortSignal | undefined; readonly onProgress: (event: ProgressEvent) => void },
): Promise<EngineParts> {
  const stop = new AbortController();
  const signal = hooks.signal ? AbortSignal.any([hooks.signal, stop.signal]) : stop.signal;
  const folder = await openModelFolder(source, { signal });
  const dtype = options.dtype === 'auto' ? (folder.weightsDType === 'F16' ? 'f16' : 'f32') : options.dtype;
  const progress = new LoadProgress(shortName(folder.name), hooks.onProgress);
  const model = await DiTModel.create(holder, folder.config, {
    weightDType: dtype,
    math: options.math,
    tuning: { when: options.tune, store: tuningStore(), alone: tuningAlone },
  });

  progress.initiate(folder.weightsFile, folder.weightsSize);
  const loadModel = async (vae: Promise<unknown>) => {
    const onProgress = ({ loaded }: { loaded: number }) => progress.advance(folder.weightsFile, loaded);
    await folder.loadWeights(model.sink, { signal, onProgress });
    progress.done(folder.weightsFile);
    // What opening the VAE asks of the processor and the GPU would be timed with the kernels.
    if (timesKernels(options.tune, holder)) await vae;
    await model.finishLoading((done, total) => progress.pipelines(done, total), signal);
  };
  const loadVae = () => openVae(source, folder, options, holder, progress, signal);
  /** The first failure stops the other half and becomes the reason of both. */
  const half = async <T>(work: Promise<T>): Promise<T | null> => {
    try {
      return await work;
    } catch (error) {
      stop.abort(error);
      return null;
    }
  };
  // The VAE's runtime downloads and compiles while the weights stream.
  const opening = half(loadVae());
  const [, vae] = await Promise.all([half(loadModel(opening)), opening]);
  if (signal.aborted) {
    model.dispose();
    await vae?.dispose().catch(() => {});
    throw signal.reason;
  }
  progress.ready();
  return { holder, folder, model, vae, dtype };
}

/** What the user may know about a loaded pipeline. */
export function describe(parts: EngineParts, thread: PipelineInfo['thread'], notes: readonly string[]): PipelineInfo {
  const { holder, folder, model, vae, dtype } = parts;
  const { config } = folder;
  return {
    name: shortName(folder.name),
    thread,
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

async function openVae(
  source: ModelSource,
  { vae, config }: ModelFolder,
  options: EngineOptions,
  holder: DeviceHolder,
  progress: LoadProgress,
  signal: AbortSignal,
): Promise<VaeDecoder | null> {
  if (!vae) return null;
  const file = await openRequired(source, vae.decoder, { signal });
  progress.initiate(vae.decoder, file.size ?? 0);
  const decoder = await file.bytes();
  progress.advance(vae.decoder, decoder.byteLength);
  progress.done(vae.decoder);
  return VaeDecoder.create(
    {
      decoder,
      scalingFactor: vae.scalingFactor,
      latentShape: [config.inChannels, config.inputSize, config.inputSize],
      spatialScale: vae.spatialScale,
    },
    {
      backend: options.vaeBackend,
      device: holder.device,
      softwareAdapter: holder.adapterInfo.isFallback,
      wasmPaths: options.wasmPaths,
      signal,
    },
  );
}

/** The last part of a URL or path. */
function shortName(name: string): string {
  return (
    name
      .replace(/[?#].*$/, '')
      .replace(/\/+$/, '')
      .split('/')
      .at(-1) || name
  );
}
