import { latentGrid, type TensorSink } from '@webdit/core';
import type { DeviceHolder } from '@webdit/gpu';
import { isStoredSource, type ModelFolder, type ModelSource, openRequired, type StorageOutcome } from '@webdit/weights';
import type { LatentDecoder } from './latent-decoder.ts';
import { type LatentEncoder, latentEncoder } from './latent-encoder.ts';
import type { EngineOptions } from './load-request.ts';
import { LoadProgress, shortName } from './progress.ts';
import type { DType, ProgressEvent } from './types.ts';
import { VaeDecoder } from './vae.ts';

/** A model whose weights are yet to come. */
export interface FillableModel {
  readonly sink: TensorSink;
  /** Once the sink is full: makes the model ready to run. */
  finishLoading(onPipeline: (done: number, total: number) => void, signal: AbortSignal): Promise<void>;
  dispose(): void | Promise<void>;
}

export interface FillJob {
  readonly source: ModelSource;
  readonly folder: ModelFolder;
  readonly options: Pick<EngineOptions, 'vaeBackend' | 'wasmPaths'>;
  /** The device the VAE may run on besides wasm; null leaves out one that runs on no processor. */
  readonly holder: DeviceHolder | null;
  readonly dtype: DType;
  /** Open the VAE before the model is made ready, rather than at the same time. */
  readonly vaeFirst: boolean;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: (event: ProgressEvent) => void;
}

export interface Filled {
  readonly vae: LatentDecoder | null;
  readonly encoder: LatentEncoder | null;
  readonly storage: StorageOutcome | null;
}

/**
 * Streams a folder's weights into a model and opens the VAE: its runtime downloads and compiles while the weights stream.
 * @returns the VAE's decoder and encoder, null when the folder has none that runs here; and what the source has stored, null when it stores nothing.
 * @throws WebDiTError from either, the first that fails, or `signal.reason`; at once, the rest is stopped. The model is disposed of
 *   then, and the VAE.
 */
export async function fillModel(model: FillableModel, job: FillJob): Promise<Filled> {
  const { folder, vaeFirst } = job;
  const stop = new AbortController();
  const signal = job.signal ? AbortSignal.any([job.signal, stop.signal]) : stop.signal;
  const progress = new LoadProgress(shortName(folder.name), job.onProgress);
  for (const { path, bytes } of folder.weightFiles) progress.initiate(path, bytes);
  const loadModel = async (vae: Promise<unknown>) => {
    await folder.loadWeights(model.sink, { signal, onProgress: ({ file, loaded }) => progress.advance(file, loaded) });
    for (const { path } of folder.weightFiles) progress.done(path);
    if (vaeFirst) await vae;
    await model.finishLoading((done, total) => progress.pipelines(done, total), signal);
  };
  /** The first failure stops the other half and becomes the reason of both. */
  const half = async <T>(work: Promise<T>): Promise<T | null> => {
    try {
      return await work;
    } catch (error) {
      stop.abort(error);
      return null;
    }
  };
  const opening = half(openVae(job, progress, signal));
  const [, vae] = await Promise.all([half(loadModel(opening)), opening]);
  const { source } = job;
  const stored = isStoredSource(source) && !signal.aborted;
  const storage = stored ? await half(source.finish([...folder.schedules, ...folder.calibrations], { signal })) : null;
  if (signal.aborted) {
    await model.dispose();
    await vae?.dispose().catch(() => {});
    throw signal.reason;
  }
  progress.ready();
  return { vae, encoder: vae && latentEncoder(folder, onnxOptions(job)), storage };
}

async function openVae(job: FillJob, progress: LoadProgress, signal: AbortSignal): Promise<LatentDecoder | null> {
  const { source, folder, holder, dtype } = job;
  const { vae, config } = folder;
  if (!vae) return null;
  const ownSize = latentGrid(config);
  if (vae.kind === 'autoencoder-kl') {
    if (!holder) return null;
    for (const { path, bytes } of vae.weightFiles) progress.initiate(path, bytes);
    const onProgress = ({ file, loaded }: { readonly file: string; readonly loaded: number }) =>
      progress.advance(file, loaded);
    const { AutoencoderDecoder } = await import('./autoencoder-decoder.ts');
    const decoder = await AutoencoderDecoder.create(holder, vae, { dtype, ownSize, signal, onProgress });
    for (const { path } of vae.weightFiles) progress.done(path);
    return decoder;
  }
  const file = await openRequired(source, vae.decoder, { signal });
  progress.initiate(vae.decoder, file.size ?? 0);
  const decoder = await file.bytes();
  progress.advance(vae.decoder, decoder.byteLength);
  progress.done(vae.decoder);
  return VaeDecoder.create(
    {
      decoder,
      scalingFactor: vae.scalingFactor,
      latentShape: [config.inChannels, ownSize.height, ownSize.width],
      spatialScale: vae.spatialScale,
    },
    { ...onnxOptions(job), signal },
  );
}

function onnxOptions({ options, holder }: Pick<FillJob, 'options' | 'holder'>) {
  return {
    backend: options.vaeBackend,
    gpu: holder && { device: holder.device, isFallback: holder.adapterInfo.isFallback },
    wasmPaths: options.wasmPaths,
  };
}
