import {
  decoderPaths,
  encoderPaths,
  type ModelStore,
  networkSource,
  openModelFolder,
  storedSource,
  textFiles,
} from '@webdit/weights';
import type { StoreModelOptions } from './stored-models.ts';
import { encoderRefusal } from './text/encoder-memory.ts';

/**
 * Puts everything that loading a model and generating with it need into the store.
 * @param address absolute.
 * @throws WebDiTError, as `storeModel` says; or `signal.reason`.
 */
export async function keepModel(address: string, store: ModelStore, options: StoreModelOptions): Promise<void> {
  const { signal, onProgress, accessToken } = options;
  const source = storedSource(networkSource(address, { accessToken }), store, { wait: true });
  await source.checkRoom({ signal });
  const { weightFiles, vae, text, schedules, calibrations } = await openModelFolder(source, { signal });
  const ofVae = vae?.kind === 'autoencoder-kl' ? vae.weightFiles : [];
  const parts = new Map([...weightFiles, ...ofVae].map((file) => [file.path, file.parts]));
  // What a load would refuse need not be kept.
  const words = text && !encoderRefusal(text) ? textFiles(text) : [];
  const sized = [...weightFiles, ...words];
  const files = new Map(sized.map(({ path, bytes }) => [path, { loaded: 0, total: bytes ?? 0 }]));
  const report = () => {
    const sum = { loaded: 0, total: 0 };
    for (const { loaded, total } of files.values()) {
      sum.loaded += loaded;
      sum.total += total;
    }
    onProgress?.(sum);
  };
  const codec = vae ? [...decoderPaths(vae), ...encoderPaths(vae)] : [];
  for (const path of [...files.keys(), ...codec, ...schedules, ...calibrations]) {
    await source.keep(path, {
      signal,
      parts: parts.get(path),
      onProgress: (loaded, size) => {
        files.set(path, { loaded, total: Math.max(loaded, size ?? 0, files.get(path)?.total ?? 0) });
        report();
      },
    });
  }
  await source.finish();
}
