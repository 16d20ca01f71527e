import { httpSource, type ModelStore, openModelFolder, storedSource } from '@webdit/weights';
import type { StoreModelOptions } from './stored-models.ts';

/**
 * Puts everything that loading a model and generating with it need into the store.
 * @param address absolute.
 * @throws WebDiTError, as `storeModel` says; or `signal.reason`.
 */
export async function keepModel(address: string, store: ModelStore, options: StoreModelOptions): Promise<void> {
  const { signal, onProgress } = options;
  const source = storedSource(httpSource(address), store, { wait: true });
  await source.checkRoom({ signal });
  const { weightsFile, weightsSize, vae, schedules } = await openModelFolder(source, { signal });
  const files = new Map([[weightsFile, { loaded: 0, total: weightsSize }]]);
  const report = () => {
    const sum = { loaded: 0, total: 0 };
    for (const { loaded, total } of files.values()) {
      sum.loaded += loaded;
      sum.total += total;
    }
    onProgress?.(sum);
  };
  for (const path of [weightsFile, ...(vae ? [vae.decoder] : []), ...schedules]) {
    await source.keep(path, {
      signal,
      onProgress: (loaded, size) => {
        files.set(path, { loaded, total: Math.max(loaded, size ?? 0, files.get(path)?.total ?? 0) });
        report();
      },
    });
  }
  await source.finish();
}
