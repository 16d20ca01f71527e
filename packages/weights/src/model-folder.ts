import type { SamplerSpec, TensorDType, TensorSink, TransformerConfig } from '@webdit/core';
import { type ModelClass, readClasses } from './layouts/classes.ts';
import {
  type Defaults,
  describeLayout,
  type Layout,
  listOfPaths,
  noModel,
  type OpenFolderOptions,
} from './layouts/description.ts';
import { chooseEmbedders } from './layouts/shared-embedders.ts';
import { matchTensors } from './layouts/tensor-map.ts';
import { type FolderText, readText } from './layouts/text.ts';
import { type FolderVae, readVae } from './layouts/vae.ts';
import { type LoadWeightsOptions, loadWeights, partsToLoad, weightFileInfos } from './load-weights.ts';
import { feedPositionTable } from './position-table.ts';
import { fileBytes, type SafetensorsTensor } from './safetensors/header.ts';
import { type ModelSource, type OpenOptions, openRequired } from './source.ts';
import { findWeights, openWeights, type WeightFileInfo, type Weights } from './weight-files.ts';

/** A model folder, opened: every config read and checked, the weights' headers too, no weights yet. */
export interface ModelFolder {
  /** Where it came from. */
  readonly name: string;
  readonly layout: Layout;
  readonly config: TransformerConfig;
  readonly scheduler: SamplerSpec;
  readonly defaults: Defaults;
  /** By id; null when the folder has no table, or the model no classes. */
  readonly classes: readonly ModelClass[] | null;
  /** Null when the folder has none that WebDiT runs: its results are latents. */
  readonly vae: FolderVae | null;
  /** What reads prompts of a text model; null when there is none that can be used: it then takes embeddings. */
  readonly text: FolderText | null;
  /** The safetensors files, one or several shards, in the order in which they are loaded. */
  readonly weightFiles: readonly WeightFileInfo[];
  /** Bytes of these files, whole. */
  readonly weightsSize: number;
  /** Bytes of them that `loadWeights` reads: fewer where the model does not need all, and the source leaves out the rest. */
  readonly loadedSize: number;
  /** The type most of their bytes have. */
  readonly weightsDType: TensorDType;
  /** Every tensor of these files, in file order. */
  readonly tensors: readonly SafetensorsTensor[];
  /** Paths of the cache schedules that `model_index.json` lists, for `read`. */
  readonly schedules: readonly string[];
  /** Paths of the calibrations that `model_index.json` lists, for `read`. */
  readonly calibrations: readonly string[];
  /** What was found out about the weights and decided by it, one sentence each. */
  readonly notes: readonly string[];
  /**
   * Streams the weights into a sink, under their original DiT or PixArt names, once and in file order. Names, shapes and types are checked
   * before the sink sees anything.
   * @throws WebDiTError `format`, `shape-mismatch`, `not-found`, `network`; what the sink throws; `signal.reason`.
   */
  loadWeights(sink: TensorSink, options?: LoadWeightsOptions): Promise<void>;
  /** A whole file of the folder, by its path. @throws WebDiTError `not-found`, `network`; `signal.reason`. */
  read(path: string, options?: OpenOptions): Promise<Uint8Array<ArrayBuffer>>;
}

/** What a model folder says of itself: its configs, read and checked, and no weights. */
export interface FolderDescription
  extends Pick<
    ModelFolder,
    'name' | 'layout' | 'config' | 'scheduler' | 'defaults' | 'schedules' | 'calibrations' | 'read'
  > {
  /** The class table, by id; null when the folder has none, or the model no classes. @throws WebDiTError `format`, `not-found`, `network`. */
  classes(): Promise<readonly ModelClass[] | null>;
}

/**
 * Opens a model folder of any of the three layouts: native (diffusers' tree, original tensor names) and diffusers, both of DiT or
 * PixArt-alpha, or an original DiT with or without a `config.json` beside it. Weights may be one safetensors file or shards with an index.
 * @throws WebDiTError `not-found`, `network`, `format`, `unsupported-config` (naming the key), `shape-mismatch`;
 *   `signal.reason`.
 */
export async function openModelFolder(source: ModelSource, options: OpenFolderOptions = {}): Promise<ModelFolder> {
  const description = await describeLayout(source, options);
  const { layout, scheduler, defaults, index, weightsFile } = description;
  const weights = description.weights ?? (await weightsAt(source, layout, weightsFile, options));
  const every = matchTensors(weights, description.expected());
  const { config, targets, note } = await chooseEmbedders(source, weights, description.config, every, options);
  const hasPositions = [...targets.values()].some(({ name }) => name === 'pos_embed');
  const { vae, note: vaeNote } = await readVae(source, index, config.inChannels, options);
  const { text, note: textNote } = await readText(source, index, config, options);
  return {
    name: source.name,
    layout,
    config,
    scheduler,
    defaults,
    classes: config.kind === 'dit' ? await readClasses(source, index, config.numClasses, options) : null,
    vae,
    text,
    weightFiles: weightFileInfos(weights.files, targets),
    weightsSize: weights.files.reduce((sum, { header }) => sum + fileBytes(header), 0),
    loadedSize: partsToLoad(weights.files, targets).reduce((sum, { bytes }) => sum + bytes, 0),
    weightsDType: mainDType(weights),
    tensors: weights.tensors,
    schedules: listOfPaths(index, 'schedules'),
    calibrations: listOfPaths(index, 'calibrations'),
    notes: [note, vaeNote, textNote].filter((each) => each !== null),
    async loadWeights(sink, loadOptions = {}) {
      await loadWeights(source, weights.files, targets, sink, loadOptions);
      // PixArt's positions depend on the size of the run.
      if (config.kind === 'dit' && !hasPositions) await feedPositionTable(config, sink);
    },
    read: readFrom(source),
  };
}

/**
 * Reads the configs of a model folder and leaves its weights alone, but for the headers of an original model without a config.
 * @throws WebDiTError like `openModelFolder`, as far as configs go.
 */
export async function describeModelFolder(
  source: ModelSource,
  options: OpenFolderOptions = {},
): Promise<FolderDescription> {
  const { layout, config, scheduler, defaults, index } = await describeLayout(source, options);
  return {
    name: source.name,
    layout,
    config,
    scheduler,
    defaults,
    schedules: listOfPaths(index, 'schedules'),
    calibrations: listOfPaths(index, 'calibrations'),
    classes: async () => (config.kind === 'dit' ? readClasses(source, index, config.numClasses, options) : null),
    read: readFrom(source),
  };
}

async function weightsAt(source: ModelSource, layout: Layout, path: string, options: OpenOptions): Promise<Weights> {
  if (layout !== 'original') return openWeights(source, path, options);
  const weights = await findWeights(source, path, options);
  if (!weights) throw noModel(source);
  return weights;
}

function readFrom(source: ModelSource): ModelFolder['read'] {
  return async (path, options = {}) => (await openRequired(source, path, options)).bytes();
}

function mainDType({ tensors }: Weights): TensorDType {
  const bytes = new Map<TensorDType, number>();
  for (const { dtype, begin, end } of tensors) bytes.set(dtype, (bytes.get(dtype) ?? 0) + end - begin);
  return [...bytes].sort(([, a], [, b]) => b - a)[0]?.[0] ?? 'F32';
}
