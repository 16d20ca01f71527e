import {
  parseSchedulerConfig,
  parseTolerantJson,
  type SamplerSpec,
  type TransformerConfig,
  WebDiTError,
} from '@webdit/core';
import { type ModelSource, type OpenOptions, readJson } from '../source.ts';
import { findWeights, type Weights } from '../weight-files.ts';
import { ConfigReader, unsupported } from './config-reader.ts';
import { diffusersTensors, parseDiffusersConfig } from './diffusers.ts';
import { diffusersPixArtTensors, parseDiffusersPixArt } from './diffusers-pixart.ts';
import { parseNativePixArt } from './native-pixart.ts';
import { inferOriginalConfig, originalScheduler, originalTensors, parseOriginalConfig } from './original.ts';
import {
  indexPath,
  originalConfigPath,
  originalWeightsPath,
  schedulerPath,
  transformerConfigPath,
  transformerWeightsPath,
} from './paths.ts';
import type { ExpectedTensor } from './tensor-map.ts';

export type Layout = 'native' | 'diffusers' | 'original';

export interface Defaults {
  readonly numInferenceSteps: number;
  readonly guidanceScale: number;
}

export interface OpenFolderOptions extends OpenOptions {
  /** For original files without a config whose width is not a published one. */
  readonly numHeads?: number | undefined;
  /**
   * Whether to see if all blocks of a diffusers model repeat the same embedders, which takes samples of the weights: `compare`
   * (default), or `own`, to take every block's own.
   */
  readonly embedders?: 'compare' | 'own' | undefined;
}

/** The part of a folder that differs between layouts. */
export interface Description {
  readonly layout: Layout;
  readonly config: TransformerConfig;
  /** What the weights have to hold. */
  readonly expected: () => ExpectedTensor[];
  readonly scheduler: SamplerSpec;
  readonly defaults: Defaults;
  readonly index: Readonly<Record<string, unknown>>;
  /** Where the weights lie, unless they are shards. */
  readonly weightsFile: string;
  /** The weights' headers, where the configs could not be told without them. */
  readonly weights: Weights | null;
}

/** The diffusers DiT pipeline's own. */
const diffusersDefaults: Defaults = { numInferenceSteps: 50, guidanceScale: 4 };
/** Guidance of the original's `sample.py`; its 250 DDPM steps become 50 of DDIM. */
const originalDefaults: Defaults = { numInferenceSteps: 50, guidanceScale: 4 };
/** Those of the diffusers PixArt-alpha pipeline, and of the original. */
const pixArtDefaults: Defaults = { numInferenceSteps: 20, guidanceScale: 4.5 };

/** How a transformer of one class is read from its config. */
type ReadTransformer = (
  json: unknown,
  path: string,
) => Pick<Description, 'layout' | 'config' | 'expected' | 'defaults'>;

function family<T extends TransformerConfig>(
  layout: Layout,
  defaults: Defaults,
  parse: (json: unknown, path: string) => T,
  tensors: (config: T) => ExpectedTensor[],
): ReadTransformer {
  return (json, path) => {
    const config = parse(json, path);
    return { layout, config, expected: () => tensors(config), defaults };
  };
}

const diffusersPixArt = family('diffusers', pixArtDefaults, parseDiffusersPixArt, diffusersPixArtTensors);
const diffusersDiT = family('diffusers', diffusersDefaults, parseDiffusersConfig, diffusersTensors);

/** Readers by `_class_name`. */
const families: Readonly<Record<string, ReadTransformer>> = {
  DiT: family('native', originalDefaults, parseOriginalConfig, originalTensors),
  PixArt: family('native', pixArtDefaults, parseNativePixArt, originalTensors),
  DiTTransformer2DModel: diffusersDiT,
  PixArtTransformer2DModel: diffusersPixArt,
  // The class of both, from before diffusers split it.
  Transformer2DModel: (json, path) =>
    (new ConfigReader(json, path).raw('norm_type') === 'ada_norm_single' ? diffusersPixArt : diffusersDiT)(json, path),
};

/**
 * Reads the configs of a model folder and leaves its weights alone, but for the headers of an original file without a config.
 * @throws WebDiTError like `openModelFolder`, as far as configs go.
 */
export async function describeLayout(source: ModelSource, options: OpenFolderOptions): Promise<Description> {
  const indexFile = source.weightsFile === null ? await source.open(indexPath, options) : null;
  return indexFile
    ? describePipeline(source, parseTolerantJson(await indexFile.text(), indexPath), options)
    : describeOriginal(source, options);
}

/** A folder with `model_index.json`: the transformer's class tells native from diffusers, and DiT from PixArt. */
async function describePipeline(source: ModelSource, json: unknown, options: OpenOptions): Promise<Description> {
  const index = new ConfigReader(json, indexPath).all();
  if (index._class_name === 'PixArtSigmaPipeline') {
    throw unsupported(`${indexPath} names a PixArtSigmaPipeline, whose prompts are longer; WebDiT reads PixArt-alpha.`);
  }
  const config = await readJson(source, transformerConfigPath, options);
  const className = new ConfigReader(config, transformerConfigPath).text('_class_name');
  const read = Object.hasOwn(families, className) ? families[className] : undefined;
  if (!read) {
    throw unsupported(
      `${transformerConfigPath} has _class_name ${className}; WebDiT reads ${Object.keys(families).join(', ')}.`,
    );
  }
  const transformer = read(config, transformerConfigPath);
  return {
    ...transformer,
    scheduler: parseSchedulerConfig(await readJson(source, schedulerPath, options)),
    defaults: parseDefaults(index.defaults, transformer.defaults),
    index,
    weightsFile: transformerWeightsPath,
    weights: null,
  };
}

async function describeOriginal(source: ModelSource, options: OpenFolderOptions): Promise<Description> {
  const weightsFile = source.weightsFile ?? originalWeightsPath;
  const configFile = await source.open(originalConfigPath, options);
  const { config, weights } = configFile
    ? {
        config: parseOriginalConfig(parseTolerantJson(await configFile.text(), originalConfigPath), originalConfigPath),
        weights: null,
      }
    : await inferConfig(source, weightsFile, options);
  return {
    layout: 'original',
    config,
    expected: () => originalTensors(config),
    scheduler: parseSchedulerConfig(originalScheduler),
    defaults: originalDefaults,
    index: {},
    weightsFile,
    weights,
  };
}

async function inferConfig(source: ModelSource, weightsFile: string, options: OpenFolderOptions) {
  const weights = await findWeights(source, weightsFile, options);
  if (!weights) throw noModel(source);
  return { config: inferOriginalConfig(weights, options.numHeads ?? null), weights };
}

export function noModel({ name, weightsFile }: ModelSource): WebDiTError {
  if (weightsFile !== null) {
    return new WebDiTError('not-found', `There is no file ${name}.`, 'Check the path or address of the weights file.');
  }
  return new WebDiTError(
    'not-found',
    `${name} has neither ${indexPath} nor ${originalWeightsPath}, so it is not a model folder.`,
    'Check the path or address, and that the whole model folder was copied.',
  );
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

/** A list of paths of `model_index.json`. @throws WebDiTError `unsupported-config`. */
export function listOfPaths(index: Readonly<Record<string, unknown>>, key: 'schedules' | 'calibrations'): string[] {
  const { [key]: paths } = index;
  if (paths === undefined) return [];
  if (Array.isArray(paths) && paths.every((path) => typeof path === 'string')) return paths;
  throw unsupported(`${indexPath} has ${key} that are not an array of paths.`);
}
