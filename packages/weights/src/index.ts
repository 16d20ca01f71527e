export type { ModelClass } from './layouts/classes.ts';
export type { OnnxVae } from './layouts/vae.ts';
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
export { type HttpSourceOptions, httpSource } from './sources/http.ts';
