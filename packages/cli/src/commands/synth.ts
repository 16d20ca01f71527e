import { performance } from 'node:perf_hooks';
import { type DiTConfig, ditS2, ditXl2, mebibytes, parameterCount, type TransformerConfig } from '@webdit/core';
import {
  maxSynthSeed,
  pixArtAt,
  pixArtTiny,
  type RandomOptions,
  sdNormGroups,
  sdVae,
  writeSynthModel,
  writeSynthVae,
  writeTextToImageTiny,
} from '@webdit/weights/node';
import { badUsage, type CommandLine, choiceOption, integerOption, readCommandLine } from '../arguments.ts';
import type { Command } from '../command.ts';

/** A model that can be made: the options it takes besides those of all, and what writes it. */
interface SynthModel {
  readonly options: readonly string[];
  /** Reads those options. @returns what writes the folder and says of it what it is; weights in bytes. */
  readonly read: (line: CommandLine) => (path: string, options: RandomOptions) => Promise<Written>;
}

interface Written {
  readonly bytes: number;
  /** A word or two on the size, for the line that is printed. */
  readonly facts: string;
}

/** @param sizes the pixels of its pictures' sides, of which the first is the default. */
function transformer(sizes: readonly [string, ...string[]], at: (pixels: number) => TransformerConfig): SynthModel {
  return {
    options: ['size'],
    read: (line) => {
      const config = at(Number(choiceOption(line, 'size', sizes) ?? sizes[0]));
      return async (path, options) => ({
        bytes: await writeSynthModel(path, { ...options, config }),
        facts: `${(parameterCount(config) / 1e6).toFixed(2)} M parameters`,
      });
    },
  };
}

const dit = (config: DiTConfig) => transformer(['256', '512'], (pixels) => ({ ...config, inputSize: pixels / 8 }));

const textToImageTiny: SynthModel = {
  options: [],
  read: () => async (path, options) => ({
    bytes: await writeTextToImageTiny(path, options),
    facts: 'transformer, VAE, tokenizer and text encoder',
  }),
};

const vae: SynthModel = {
  options: ['width'],
  read: (line) => {
    const width = integerOption(line, 'width', sdNormGroups, 512) ?? 128;
    if (width % sdNormGroups !== 0) {
      throw badUsage(
        `--width ${width} is not a multiple of ${sdNormGroups}, the groups of its norms.`,
        'Pass 32, or 128.',
      );
    }
    return async (path, options) => ({
      bytes: await writeSynthVae(path, { ...options, config: sdVae(width) }),
      facts: `decoder of width ${width}`,
    });
  },
};

const models: Readonly<Record<string, SynthModel>> = {
  'dit-xl-2': dit(ditXl2),
  'dit-s-2': dit(ditS2),
  'pixart-xl-2': transformer(['256', '512', '1024'], (pixels) => pixArtAt(pixels)),
  'pixart-tiny': transformer(['128'], () => pixArtTiny),
  'text-to-image-tiny': textToImageTiny,
  'sd-vae': vae,
};

/** Writes a model folder of random weights with the names and shapes of a published model. Needs no GPU. */
export const synth: Command = async (args, output) => {
  const own = [...new Set(Object.values(models).flatMap(({ options }) => options))];
  const line = readCommandLine(args, ['dtype', 'seed', 'adapter', ...own], 2);
  const [name, path] = line.positionals as [string, string];
  const model = Object.hasOwn(models, name) ? models[name] : undefined;
  if (!model) throw badUsage(`There is no model "${name}".`, `Use one of: ${Object.keys(models).join(', ')}.`);
  const foreign = own.find((option) => line.values[option] !== undefined && !model.options.includes(option));
  if (foreign !== undefined) throw badUsage(`${name} takes no --${foreign}.`, 'Leave it out.');
  const dtype = choiceOption(line, 'dtype', ['f32', 'f16']) === 'f32' ? 'F32' : 'F16';
  const seed = integerOption(line, 'seed', 0, maxSynthSeed) ?? 0;
  const write = model.read(line);

  const start = performance.now();
  const { bytes, facts } = await write(path, {
    dtype,
    seed,
    onProgress: (drawn, total) => output.progress(`drawn ${Math.floor((100 * drawn) / total)} %`),
  });
  const seconds = (performance.now() - start) / 1000;
  output.line(`wrote ${path}: ${name}, ${facts}, ${dtype}, ${mebibytes(bytes)}, in ${seconds.toFixed(1)} s`);
  return 0;
};
