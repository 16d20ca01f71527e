import { type DiTConfig, type SamplerSpec, samplerName, tokenCount } from '@webdit/core';
import { type ModelFolder, openModelFolder, pathSource } from 'webdit/node';
import { integerOption, readCommandLine } from '../arguments.ts';
import type { Command } from '../command.ts';

/** Says what a model folder holds. Needs no GPU and reads no weights. */
export const inspect: Command = async (args, output) => {
  const line = readCommandLine(args, ['num-heads', 'adapter'], 1);
  const numHeads = integerOption(line, 'num-heads', 1, 1024);
  const folder = await openModelFolder(pathSource(line.positionals[0] as string), { numHeads });
  for (const text of describeFolder(folder)) output.line(text);
  return 0;
};

/** One fact per line, `name  value`, then one line per tensor. */
export function describeFolder(folder: ModelFolder): string[] {
  const { config, classes, vae, tensors, defaults } = folder;
  const parameters = tensors.reduce((sum, { shape }) => sum + elements(shape), 0);
  const facts: [string, string][] = [
    ['folder', folder.name],
    ['layout', folder.layout],
    ['weights', `${folder.weightsFile}, ${mebibytes(folder.weightsSize)}, mostly ${folder.weightsDType}`],
    ['parameters', `${parameters} (${(parameters / 1e6).toFixed(2)} M) in ${tensors.length} tensors`],
    ...describeConfig(config),
    ['sampler', describeSampler(folder.scheduler)],
    ['defaults', `${defaults.numInferenceSteps} steps, guidance ${defaults.guidanceScale}`],
    ['classes', classes === null ? `${config.numClasses}, without names` : `${config.numClasses}, ${sample(classes)}`],
    ['schedules', folder.schedules.join(', ') || 'none'],
    [
      'vae',
      vae === null
        ? 'none: results are latents'
        : `${vae.decoder}, ${vae.spatialScale} x, scaling factor ${vae.scalingFactor}, ${config.inputSize * vae.spatialScale} x ${config.inputSize * vae.spatialScale} pixels`,
    ],
  ];
  const width = Math.max(...facts.map(([name]) => name.length)) + 2;
  const nameWidth = Math.max(...tensors.map(({ name }) => name.length)) + 2;
  return [
    ...facts.map(([name, value]) => name.padEnd(width) + value),
    '',
    ...tensors.map(({ name, dtype, shape }) => `${name.padEnd(nameWidth)}${dtype}  [${shape.join(', ')}]`),
  ];
}

function describeConfig(config: DiTConfig): [string, string][] {
  const { hiddenSize, numHeads, inputSize, patchSize, inChannels, outChannels } = config;
  const sigma = config.learnSigma ? 'learned' : 'not learned';
  return [
    ['width', `${hiddenSize}, ${numHeads} heads of ${hiddenSize / numHeads}, MLP ${config.mlpHiddenSize}`],
    ['depth', String(config.depth)],
    ['latents', `[${inChannels}, ${inputSize}, ${inputSize}] -> ${outChannels} channels, sigma ${sigma}`],
    ['tokens', `${tokenCount(config)}, patch ${patchSize}`],
    ['timesteps', `sinusoid of ${config.frequencyEmbeddingSize}, divisor ${config.timestepDivisor}`],
    ['norms', `epsilon ${config.normEps}, before the MLP ${config.mlpNormEps}`],
    ['guidance', `on ${config.guidanceChannels} of ${inChannels} channels`],
  ];
}

function describeSampler(spec: SamplerSpec): string {
  const { betaSchedule, betaStart, betaEnd, trainSteps } = spec.noise;
  return `${samplerName(spec)}, ${trainSteps} ${betaSchedule} betas from ${betaStart} to ${betaEnd}`;
}

function sample(classes: NonNullable<ModelFolder['classes']>): string {
  const names = classes.slice(0, 3).map(({ emoji, label }) => (emoji ? `${emoji} ${label}` : label));
  return `${names.join(', ')}${classes.length > 3 ? ', ...' : ''}`;
}

function elements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
