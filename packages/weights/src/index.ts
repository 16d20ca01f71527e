export type { ModelClass } from './layouts/classes.ts';
export type { PreviewMap, Rgb } from './layouts/preview.ts';
export type { OnnxVae } from './layouts/vae.ts';
export { makeManifest } from './make-manifest.ts';
export { type Manifest, type ManifestFile, manifestPath, parseManifest } from './manifest.ts';
export {
  type Defaults,
  describeModelFolder,
  type FolderDescription,
  type Layout,
  type ModelFolder,
  type OpenFolderOptions,
  openModelFolder,
} from './model-folder.ts';
export type { SafetensorsHeader, SafetensorsTensor } from './safetensors/header.ts';
export {
  type LoadProgress,
  openSafetensors,
  type StreamOptions,
  streamSafetensors,
  type TensorTarget,
} from './safetensors/stream.ts';
export {
  encodeSafetensors,
  encodeSafetensorsHeader,
  type ParsedTensor,
  parseSafetensors,
  type TensorData,
  tensorToFloat32,
} from './safetensors/whole-file.ts';
export { type ModelSource, type OpenOptions, openRequired, type SourceFile } from './source.ts';
export { filesSource, type PickedFile } from './sources/files.ts';
export { type HttpSourceOptions, httpSource, modelAddress } from './sources/http.ts';
export { cacheBackend, type StoreBackend } from './store/backend.ts';
export { browserStore, ModelStore, type StoredModel } from './store/model-store.ts';
export { storageFailure } from './store/refusals.ts';
export { isStoredSource, type StorageOutcome, type StoredSource, storedSource } from './store/stored-source.ts';
