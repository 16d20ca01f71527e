import {
  latentGrid,
  mebibytes,
  policyNames,
  type SamplerSpec,
  samplerName,
  type TransformerConfig,
  tokenCount,
} from '@webdit/core';
import { tableText } from '@webdit/gpu/bench';
import {
  decoderPaths,
  type ModelFolder,
  type ModelPlan,
  openModelFolder,
  type PlanRequest,
  planFolder,
} from 'webdit/node';
import { openNodeGpu } from '../adapter.ts';
import { type CommandLine, integerOption, listOption, numberOption, readCommandLine } from '../arguments.ts';
import type { Command } from '../command.ts';
import { modelSource } from '../model-source.ts';
import { dtypeOption } from '../pipeline.ts';
import { planRefusals, planTables } from '../plan-tables.ts';

const options = ['num-heads', 'adapter', 'dtype', 'policies', 'steps', 'guidance', 'memory-mib'];

/** Says what a model folder holds, and whether it will fit: on `--adapter`, else on any. Reads no weights but their header. */
export const inspect: Command = async (args, output) => {
  const line = readCommandLine(args, options, 1);
  const numHeads = integerOption(line, 'num-heads', 1, 1024);
  const request = planRequest(line);
  const source = modelSource(line.positionals[0] as string);
  const folder = await openModelFolder(source, { numHeads });
  const gpu = line.values.adapter === undefined ? undefined : (await openNodeGpu(line.values.adapter)).gpu;
  const plan = await planFolder(source, folder, { ...request, gpu });
  for (const text of describeFolder(folder, plan)) output.line(text);
  for (const table of planTables(plan)) for (const text of ['', ...tableText(table).split('\n')]) output.line(text);
  output.line('');
  for (const text of planRefusals(plan)) output.line(text);
  for (const text of plan.notCounted) output.line(`not counted: ${text}`);
  return 0;
};

function planRequest(line: CommandLine): Omit<PlanRequest, 'gpu'> {
  const dtype = dtypeOption(line);
  const memory = integerOption(line, 'memory-mib', 1, 2 ** 24);
  return {
    dtypes: dtype ? [dtype] : ['f32', 'f16', 'int8'],
    policies: listOption(line, 'policies') ?? policyNames(),
    steps: integerOption(line, 'steps', 1, 1000) ?? null,
    guidanceScale: numberOption(line, 'guidance') ?? null,
    limits: memory === undefined ? {} : { memory: memory * 2 ** 20 },
    signal: undefined,
  };
}

/** One fact per line, `name  value`, then one line per tensor. */
export function describeFolder(folder: ModelFolder, plan: Pick<ModelPlan, 'download' | 'text'>): string[] {
  const { config, classes, vae, tensors, defaults } = folder;
  const { height, width } = latentGrid(config);
  // Scales of int8 tensors say how large their bytes are.
  const trained = tensors.filter(({ name }) => !name.endsWith('_scale'));
  const parameters = trained.reduce((sum, { shape }) => sum + elements(shape), 0);
  const facts: [string, string][] = [
    ['folder', folder.name],
    ['layout', folder.layout],
    ['weights', `${describeFiles(folder)}, ${mebibytes(folder.weightsSize)}, mostly ${folder.weightsDType}`],
    ['download', describeDownload(plan.download)],
    ['parameters', `${parameters} (${(parameters / 1e6).toFixed(2)} M) in ${tensors.length} tensors`],
    ...describeConfig(config),
    ['sampler', describeSampler(folder.scheduler)],
    ['defaults', `${defaults.numInferenceSteps} steps, guidance ${defaults.guidanceScale}`],
    ...describeConditions(config, classes),
    ['schedules', folder.schedules.join(', ') || 'none'],
    ['calibrations', folder.calibrations.join(', ') || 'none'],
    [
      'vae',
      vae === null
        ? 'none: results are latents'
        : `${decoderPaths(vae).join(', ')}, ${vae.spatialScale} x, scaling factor ${vae.scalingFactor}, ${width * vae.spatialScale} x ${height * vae.spatialScale} pixels`,
    ],
  ];
  if (plan.text) facts.push(['text encoder', describeText(plan.text)]);
  facts.push(...folder.notes.map((note): [string, string] => ['note', note]));
  const factWidth = Math.max(...facts.map(([name]) => name.length)) + 2;
  const nameWidth = Math.max(...tensors.map(({ name }) => name.length)) + 2;
  return [
    ...facts.map(([name, value]) => name.padEnd(factWidth) + value),
    '',
    ...tensors.map(({ name, dtype, shape }) => `${name.padEnd(nameWidth)}${dtype}  [${shape.join(', ')}]`),
  ];
}

function describeFiles({ weightFiles }: ModelFolder): string {
  const [first, ...rest] = weightFiles.map(({ path }) => path);
  return rest.length === 0 ? `${first}` : `${rest.length + 1} shards from ${first} to ${rest.at(-1)}`;
}

function describeConfig(config: TransformerConfig): [string, string][] {
  const { hiddenSize, numHeads, patchSize, inChannels, outChannels } = config;
  const { height, width } = latentGrid(config);
  const sigma = config.learnSigma ? 'learned' : 'not learned';
  return [
    ['width', `${hiddenSize}, ${numHeads} heads of ${hiddenSize / numHeads}, MLP ${config.mlpHiddenSize}`],
    ['depth', String(config.depth)],
    ['latents', `[${inChannels}, ${height}, ${width}] -> ${outChannels} channels, sigma ${sigma}`],
    ['tokens', `${tokenCount(config)}, patch ${patchSize}`],
    ['timesteps', `sinusoid of ${config.frequencyEmbeddingSize}, divisor ${config.timestepDivisor}`],
    ['norms', `epsilon ${config.normEps}, before the MLP ${config.mlpNormEps}`],
    ['guidance', `on ${config.guidanceChannels} of ${inChannels} channels`],
  ];
}

function describeConditions(config: TransformerConfig, classes: ModelFolder['classes']): [string, string][] {
  if (config.kind === 'dit') {
    return [['classes', `${config.numClasses}, ${classes === null ? 'without names' : sample(classes)}`]];
  }
  const { maxCaptionTokens, captionChannels, sizeConditions, interpolationScale } = config;
  return [
    ['captions', `embeddings of ${captionChannels}, at most ${maxCaptionTokens} tokens`],
    ['size', sizeConditions ? 'height, width and aspect ratio are conditions' : 'no condition'],
    ['positions', `divided by ${interpolationScale}`],
  ];
}

function describeSampler(spec: SamplerSpec): string {
  if (spec.kind === 'euler') return `${samplerName(spec)}, shift ${spec.shift}, ${spec.trainSteps} training steps`;
  const { betaSchedule, betaStart, betaEnd, trainSteps } = spec.noise;
  const predicts = spec.predictionType === 'epsilon' ? '' : `, ${spec.predictionType}`;
  return `${samplerName(spec)}, ${trainSteps} ${betaSchedule} betas from ${betaStart} to ${betaEnd}${predicts}`;
}

function describeDownload({ weights, vae }: ModelPlan['download']): string {
  const decoder = vae === null ? ', and the VAE decoder' : `, ${mebibytes(vae)} of VAE decoder`;
  return `${mebibytes(weights)} of weights${vae === 0 ? '' : decoder}`;
}

function describeText({ download, memory, stays, refusal }: NonNullable<ModelPlan['text']>): string {
  if (refusal) return `${refusal.message} ${refusal.remedy}`;
  const files = download === null ? 'files' : mebibytes(download);
  return `${files} for the first prompt in words, ${mebibytes(memory)} of memory, ${stays ? 'kept for the next' : 'freed after each'}`;
}

function sample(classes: NonNullable<ModelFolder['classes']>): string {
  const names = classes.slice(0, 3).map(({ emoji, label }) => (emoji ? `${emoji} ${label}` : label));
  return `${names.join(', ')}${classes.length > 3 ? ', ...' : ''}`;
}

function elements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
