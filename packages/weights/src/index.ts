export { readPieces } from './byte-reader.ts';
export { type AutoencoderKL, autoencoderWeightsPath, openAutoencoderKL } from './layouts/autoencoder-kl.ts';
export type { ModelClass } from './layouts/classes.ts';
export type { Defaults, Layout, OpenFolderOptions } from './layouts/description.ts';
export type { PreviewMap, Rgb } from './layouts/preview.ts';
export { type FolderText, type TextFile, textFiles } from './layouts/text.ts';
export { decoderPaths, encoderPaths, type FolderVae, type OnnxVae, type WeightsVae } from './layouts/vae.ts';
export type { LoadWeightsOptions, WeightsProgress } from './load-weights.ts';
export { makeManifest } from './make-manifest.ts';
export { type Manifest, type ManifestFile, manifestPath, parseManifest } from './manifest.ts';
export {
  describeModelFolder,
  type FolderDescription,
  type ModelFolder,
  openModelFolder,
} from './model-folder.ts';
export {
  type AttentionMask,
  type Embeddings,
  encodePromptEmbeds,
  type PromptEmbeds,
  promptEmbedsPath,
  readPromptEmbeds,
} from './prompt-embeds.ts';
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
export { type FilePart, type ModelSource, type OpenOptions, openRequired, type SourceFile } from './source.ts';
export { checkAccessToken } from './sources/access-token.ts';
export { directorySource } from './sources/directory.ts';
export { filesSource, type PickedFile } from './sources/files.ts';
export { type HttpSourceOptions, httpSource, modelAddress } from './sources/http.ts';
export { type HubSourceOptions, hubSource } from './sources/hub.ts';
export { networkSource } from './sources/network.ts';
export { cacheBackend, type StoreBackend } from './store/backend.ts';
export { browserStore, customStore, ModelStore, type StoredModel } from './store/model-store.ts';
export { opfsBackend } from './store/opfs-backend.ts';
export { storageFailure } from './store/refusals.ts';
export type { StorageOutcome, StoredSource } from './store/storage.ts';
export { isStoredSource, storedSource } from './store/stored-source.ts';
export type { WeightFileInfo } from './weight-files.ts';
