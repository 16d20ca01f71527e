import { performance } from 'node:perf_hooks';
import { type DiTConfig, ditS2, ditXl2, parameterCount } from '@webdit/core';
import { maxSynthSeed, writeSynthModel } from '@webdit/weights/node';
import { badUsage, choiceOption, integerOption, readCommandLine } from '../arguments.ts';
import type { Command } from '../command.ts';
import { printMebibytes } from '../print.ts';

const models: Readonly<Record<string, DiTConfig>> = { 'dit-xl-2': ditXl2, 'dit-s-2': ditS2 };

/** Writes a model folder of random weights with the names and shapes of a published model. Needs no GPU. */
export const synth: Command = async (args, output) => {
  const line = readCommandLine(args, ['dtype', 'seed', 'size', 'adapter'], 2);
  const [name, path] = line.positionals as [string, string];
  const model = Object.hasOwn(models, name) ? models[name] : undefined;
  if (!model) throw badUsage(`There is no model "${name}".`, `Use one of: ${Object.keys(models).join(', ')}.`);
  const dtype = choiceOption(line, 'dtype', ['f32', 'f16']) === 'f32' ? 'F32' : 'F16';
  const seed = integerOption(line, 'seed', 0, maxSynthSeed) ?? 0;
  const pixels = Number(choiceOption(line, 'size', ['256', '512']) ?? 256);
  const config = { ...model, inputSize: pixels / 8 };

  const start = performance.now();
  const bytes = await writeSynthModel(path, {
    config,
    dtype,
    seed,
    onProgress: (drawn, total) => output.progress(`drawn ${Math.floor((100 * drawn) / total)} %`),
  });
  const seconds = (performance.now() - start) / 1000;
  output.line(
    `wrote ${path}: ${name}, ${(parameterCount(config) / 1e6).toFixed(2)} M parameters, ${dtype}, ${printMebibytes(bytes)}, in ${seconds.toFixed(1)} s`,
  );
  return 0;
};
