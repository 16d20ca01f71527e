import { performance } from 'node:perf_hooks';
import { type DiTConfig, ditS2, ditXl2, mebibytes, parameterCount, type TransformerConfig } from '@webdit/core';
import { maxSynthSeed, pixArtAt, pixArtTiny, writeSynthModel } from '@webdit/weights/node';
import { badUsage, choiceOption, integerOption, readCommandLine } from '../arguments.ts';
import type { Command } from '../command.ts';

/** A model and the pixels of its pictures' sides, of which the first is the default. */
interface SynthModel {
  readonly sizes: readonly [string, ...string[]];
  readonly at: (pixels: number) => TransformerConfig;
}

const dit = (config: DiTConfig): SynthModel => ({
  sizes: ['256', '512'],
  at: (pixels) => ({ ...config, inputSize: pixels / 8 }),
});

const models: Readonly<Record<string, SynthModel>> = {
  'dit-xl-2': dit(ditXl2),
  'dit-s-2': dit(ditS2),
  'pixart-xl-2': { sizes: ['256', '512', '1024'], at: (pixels) => pixArtAt(pixels) },
  'pixart-tiny': { sizes: ['128'], at: () => pixArtTiny },
};

/** Writes a model folder of random weights with the names and shapes of a published model. Needs no GPU. */
export const synth: Command = async (args, output) => {
  const line = readCommandLine(args, ['dtype', 'seed', 'size', 'adapter'], 2);
  const [name, path] = line.positionals as [string, string];
  const model = Object.hasOwn(models, name) ? models[name] : undefined;
  if (!model) throw badUsage(`There is no model "${name}".`, `Use one of: ${Object.keys(models).join(', ')}.`);
  const dtype = choiceOption(line, 'dtype', ['f32', 'f16']) === 'f32' ? 'F32' : 'F16';
  const seed = integerOption(line, 'seed', 0, maxSynthSeed) ?? 0;
  const config = model.at(Number(choiceOption(line, 'size', model.sizes) ?? model.sizes[0]));

  const start = performance.now();
  const bytes = await writeSynthModel(path, {
    config,
    dtype,
    seed,
    onProgress: (drawn, total) => output.progress(`drawn ${Math.floor((100 * drawn) / total)} %`),
  });
  const seconds = (performance.now() - start) / 1000;
  output.line(
    `wrote ${path}: ${name}, ${(parameterCount(config) / 1e6).toFixed(2)} M parameters, ${dtype}, ${mebibytes(bytes)}, in ${seconds.toFixed(1)} s`,
  );
  return 0;
};
