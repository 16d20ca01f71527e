import {
  type DiTConfig,
  parseSchedulerConfig,
  parseTolerantJson,
  type SamplerSpec,
  type TensorDType,
  type TensorSink,
  WebDiTError,
} from '@webdit/core';
import { type ModelClass, readClasses } from './layouts/classes.ts';
import { ConfigReader, unsupported } from './layouts/config-reader.ts';
import { diffusersTensors, parseDiffusersConfig } from './layouts/diffusers.ts';
import { inferOriginalConfig, originalScheduler, originalTensors, parseOriginalConfig } from './layouts/original.ts';
import { type ExpectedTensor, matchTensors } from './layouts/tensor-map.ts';
import { type OnnxVae, readVae } from './layouts/vae.ts';
import { feedPositionTable } from './position-table.ts';
import type { SafetensorsHeader, SafetensorsTensor } from './safetensors/header.ts';
import { openSafetensors, type StreamOptions, streamSafetensors } from './safetensors/stream.ts';
import { type ModelSource, type OpenOptions, openRequired } from './source.ts';

export type Layout = 'native' | 'diffusers' | 'original';

export interface Defaults {
  readonly numInferenceSteps: number;
  readonly guidanceScale: number;
}

/** A model folder, opened: every config read and checked, the weights' header too, no weights yet. */
export interface ModelFolder {
  /** Where it came from. */
  readonly name: string;
  readonly layout: Layout;
  readonly config: DiTConfig;
  readonly scheduler: SamplerSpec;
  readonly defaults: Defaults;
  /** By id; null when the folder has no table. */
  readonly classes: readonly ModelClass[] | null;
  /** Null when the folder has none that WebDiT runs: its results are latents. */
  readonly vae: OnnxVae | null;
  /** Path of the safetensors file inside the folder. */
  readonly weightsFile: string;
  /** Bytes of that file. */
  readonly weightsSize: number;
  /** The type most of its bytes have. */
  readonly weightsDType: TensorDType;
  /** Every tensor of the file, in file order. */
  readonly tensors: readonly SafetensorsTensor[];
  /** Paths of the cache schedules that `model_index.json` lists, for `read`. */
  readonly schedules: readonly string[];
  /**
   * Streams the weights into a sink, under their original DiT names, once and in file order. Names and shapes are checked
   * before the sink sees anything.
   * @throws WebDiTError `format`, `shape-mismatch`, `not-found`, `network`; what the sink throws; `signal.reason`.
   */
  loadWeights(sink: TensorSink, options?: StreamOptions): Promise<void>;
  /** A whole file of the folder, by its path. @throws WebDiTError `not-found`, `network`; `signal.reason`. */
  read(path: string, options?: OpenOptions): Promise<Uint8Array<ArrayBuffer>>;
}

/** What a model folder says of itself: its configs, read and checked, and no weights. */
export interface FolderDescription
  extends Pick<ModelFolder, 'name' | 'layout' | 'config' | 'scheduler' | 'defaults' | 'schedules' | 'read'> {
  /** The class table, by id; null when the folder has none. @throws WebDiTError `format`, `not-found`, `network`. */
  classes(): Promise<readonly ModelClass[] | null>;
}

export interface OpenFolderOptions extends OpenOptions {
  /** For original files without a config whose width is not a published one. */
  readonly numHeads?: number | undefined;
}

const indexPath = 'model_index.json';
const transformerConfigPath = 'transformer/config.json';
const transformerWeightsPath = 'transformer/diffusion_pytorch_model.safetensors';
const schedulerPath = 'scheduler/scheduler_config.json';
const originalWeightsPath = 'model.safetensors';
const originalConfigPath = 'config.json';

/** The diffusers DiT pipeline's own. */
const diffusersDefaults: Defaults = { numInferenceSteps: 50, guidanceScale: 4 };
/** Guidance of the original's `sample.py`; its 250 DDPM steps become 50 of DDIM. */
const originalDefaults: Defaults = { numInferenceSteps: 50, guidanceScale: 4 };

/** The part of a folder that differs between layouts. */
interface Description {
  readonly layout: Layout;
  readonly config: DiTConfig;
  readonly expected: readonly ExpectedTensor[];
  readonly scheduler: SamplerSpec;
  readonly defaults: Defaults;
  readonly index: Readonly<Record<string, unknown>>;
  readonly weightsFile: string;
  /** The weights' header, where the configs could not be told without it. */
  readonly header: SafetensorsHeader | null;
}

/**
 * Opens a model folder of any of the three layouts: native (diffusers' tree, original tensor names), diffusers, or an
 * original DiT file with or without a `config.json` beside it.
 * @throws WebDiTError `not-found`, `network`, `format`, `unsupported-config` (naming the key), `shape-mismatch`;
 *   `signal.reason`.
 */
export async function openModelFolder(source: ModelSource, options: OpenFolderOptions = {}): Promise<ModelFolder> {
  const description = await describe(source, options);
  const { layout, config, expected, scheduler, defaults, index, weightsFile } = description;
  const header = description.header ?? (await openHeader(source, layout, weightsFile, options));
  const select = (found: SafetensorsHeader) => matchTensors(found, expected, weightsFile);
  select(header);
  return {
    name: source.name,
    layout,
    config,
    scheduler,
    defaults,
    classes: await readClasses(source, index, config.numClasses, options),
    vae: await readVae(source, index, config.inChannels, options),
    weightsFile,
    weightsSize: header.dataStart + header.dataBytes,
    weightsDType: mainDType(header),
    tensors: header.tensors,
    schedules: parseSchedules(index),
    async loadWeights(sink, streamOptions = {}) {
      const file = await openRequired(source, weightsFile, streamOptions);
      let hasPositions = false;
      const selectAndNote = (found: SafetensorsHeader) => {
        const targets = select(found);
        hasPositions = [...targets.values()].some(({ name }) => name === 'pos_embed');
        return targets;
      };
      await streamSafetensors(file, selectAndNote, sink, streamOptions);
      if (!hasPositions) await feedPositionTable(config, sink);
    },
    read: readFrom(source),
  };
}

function readFrom(source: ModelSource): ModelFolder['read'] {
  return async (path, options = {}) => (await openRequired(source, path, options)).bytes();
}

/**
 * Reads the configs of a model folder and leaves its weights alone, but for the header of an original file without a config.
 * @throws WebDiTError like `openModelFolder`, as far as configs go.
 */
export async function describeModelFolder(
  source: ModelSource,
  options: OpenFolderOptions = {},
): Promise<FolderDescription> {
  const { layout, config, scheduler, defaults, index } = await describe(source, options);
  return {
    name: source.name,
    layout,
    config,
    scheduler,
    defaults,
    schedules: parseSchedules(index),
    classes: () => readClasses(source, index, config.numClasses, options),
    read: readFrom(source),
  };
}

async function describe(source: ModelSource, options: OpenFolderOptions): Promise<Description> {
  const indexFile = source.weightsFile === null ? await source.open(indexPath, options) : null;
  return indexFile
    ? describePipeline(source, parseTolerantJson(await indexFile.text(), indexPath), options)
    : describeOriginal(source, options);
}

/** A folder with `model_index.json`: the transformer's class tells native from diffusers. */
async function describePipeline(source: ModelSource, json: unknown, options: OpenOptions): Promise<Description> {
  const index = new ConfigReader(json, indexPath).all();
  const config = await readJson(source, transformerConfigPath, options);
  const className = new ConfigReader(config, transformerConfigPath).text('_class_name');
  const native = className === 'DiT';
  if (!native && className !== 'DiTTransformer2DModel' && className !== 'Transformer2DModel') {
    throw unsupported(
      `${transformerConfigPath} has _class_name ${className}; WebDiT reads DiT and DiTTransformer2DModel.`,
    );
  }
  const dit = (native ? parseOriginalConfig : parseDiffusersConfig)(config, transformerConfigPath);
  return {
    layout: native ? 'native' : 'diffusers',
    config: dit,
    expected: (native ? originalTensors : diffusersTensors)(dit),
    scheduler: parseSchedulerConfig(await readJson(source, schedulerPath, options)),
    defaults: parseDefaults(index.defaults, native ? originalDefaults : diffusersDefaults),
    index,
    weightsFile: transformerWeightsPath,
    header: null,
  };
}

async function describeOriginal(source: ModelSource, options: OpenFolderOptions): Promise<Description> {
  const weightsFile = source.weightsFile ?? originalWeightsPath;
  const configFile = await source.open(originalConfigPath, options);
  const { config, header } = configFile
    ? {
        config: parseOriginalConfig(parseTolerantJson(await configFile.text(), originalConfigPath), originalConfigPath),
        header: null,
      }
    : await inferConfig(source, weightsFile, options);
  return {
    layout: 'original',
    config,
    expected: originalTensors(config),
    scheduler: parseSchedulerConfig(originalScheduler),
    defaults: originalDefaults,
    index: {},
    weightsFile,
    header,
  };
}

async function inferConfig(source: ModelSource, weightsFile: string, options: OpenFolderOptions) {
  const header = await openHeader(source, 'original', weightsFile, options);
  return { config: inferOriginalConfig(header, weightsFile, options.numHeads ?? null), header };
}

async function openHeader(
  source: ModelSource,
  layout: Layout,
  path: string,
  options: OpenOptions,
): Promise<SafetensorsHeader> {
  const file = layout === 'original' ? await source.open(path, options) : await openRequired(source, path, options);
  if (!file) throw noModel(source);
  return openSafetensors(file, options.signal);
}

function noModel({ name, weightsFile }: ModelSource): WebDiTError {
  if (weightsFile !== null) {
    return new WebDiTError('not-found', `There is no file ${name}.`, 'Check the path or address of the weights file.');
  }
  return new WebDiTError(
    'not-found',
    `${name} has neither ${indexPath} nor ${originalWeightsPath}, so it is not a model folder.`,
    'Check the path or address, and that the whole model folder was copied.',
  );
}

async function readJson(source: ModelSource, path: string, options: OpenOptions): Promise<unknown> {
  return parseTolerantJson(await (await openRequired(source, path, options)).text(), path);
}

function parseDefaults(json: unknown, fallback: Defaults): Defaults {
  if (json === undefined) return fallback;
  const reader = new ConfigReader(json, `defaults of ${indexPath}`);
  const defaults = {
    numInferenceSteps: reader.count('num_inference_steps', fallback.numInferenceSteps),
    guidanceScale: reader.positive('guidance_scale', fallback.guidanceScale),
  };
  reader.done();
  return defaults;
}

function parseSchedules({ schedules }: Readonly<Record<string, unknown>>): string[] {
  if (schedules === undefined) return [];
  if (Array.isArray(schedules) && schedules.every((path) => typeof path === 'string')) return schedules;
  throw unsupported(`${indexPath} has schedules that are not an array of paths.`);
}

function mainDType({ tensors }: SafetensorsHeader): TensorDType {
  const bytes = new Map<TensorDType, number>();
  for (const { dtype, begin, end } of tensors) bytes.set(dtype, (bytes.get(dtype) ?? 0) + end - begin);
  return [...bytes].sort(([, a], [, b]) => b - a)[0]?.[0] ?? 'F32';
}
