import { mebibytes } from '@webdit/core';
import { convertModel } from '@webdit/weights/convert';
import { choiceOption, integerOption, readCommandLine } from '../arguments.ts';
import type { Command } from '../command.ts';
import { remoteSource } from '../model-source.ts';

/** Writes a checkpoint or a model folder of any layout as a native model folder. Needs no GPU. */
export const convert: Command = async (args, output) => {
  const line = readCommandLine(args, ['dtype', 'num-heads', 'adapter'], 2);
  const [input, path] = line.positionals as [string, string];
  const dtype = choiceOption(line, 'dtype', ['f32', 'f16', 'int8']) ?? 'f16';
  const numHeads = integerOption(line, 'num-heads', 1, 1024);
  const { folder, bytes, notes } = await convertModel(remoteSource(input) ?? input, path, {
    dtype,
    numHeads,
    onProgress: (loaded, total) => output.progress(`converted ${Math.floor((100 * loaded) / total)} %`),
  });
  for (const note of notes) output.line(note);
  output.line(
    `wrote ${path}: ${folder.layout}, mostly ${folder.weightsDType}, ${mebibytes(folder.weightsSize)} -> native, ${dtype}, ${mebibytes(bytes)}`,
  );
  return 0;
};
