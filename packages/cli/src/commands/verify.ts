import { join } from 'node:path';
import { maxSteps, WebDiTError } from '@webdit/core';
import {
  automaticDType,
  checkLine,
  DiTModel,
  type DType,
  type MathDType,
  type ModelFolder,
  openGolden,
  openModelFolder,
  type PreparedCase,
  pathSource,
  prepareCases,
  runCases,
  targetsFor,
  VaeDecoder,
  type VerifyBench,
  verdict,
} from 'webdit/node';
import { integerOption, listOption, readCommandLine } from '../arguments.ts';
import type { Command, Output } from '../command.ts';
import { type OpenedDevice, openDevice } from '../device.ts';
import { dtypeOption, mathOption } from '../pipeline.ts';
import { vaeWasmPaths } from '../vae-runtime.ts';
import { verifyVae } from './verify-vae.ts';

/** Runs a golden folder: a line per tensor, then the verdict. Exit code 1 on FAIL. */
export const verify: Command = async (args, output) => {
  const line = readCommandLine(args, ['runs', 'steps', 'max-binding-mib', 'adapter', 'dtype', 'math'], 1);
  const names = listOption(line, 'runs');
  const steps = integerOption(line, 'steps', 1, maxSteps);
  const maxBinding = integerOption(line, 'max-binding-mib', 1, 2 ** 20);
  const dtype = dtypeOption(line);
  const math = mathOption(line) ?? 'f32';
  const folderPath = line.positionals[0] as string;
  const { golden, tensors } = await openGolden(pathSource(folderPath));
  const model = pathSource(join(folderPath, golden.model));
  if (golden.conditions === 'none') {
    const opened = await openDevice(line.values.adapter, maxBinding);
    return verifyVae({ golden, tensors }, model, { ...opened, names, weightDType: dtype ?? 'f32' }, output);
  }
  const folder = await openModelFolder(model);
  const cases = prepareCases({ golden, tensors }, folder, { names, steps });

  const device = await openDevice(line.values.adapter, maxBinding);
  output.line(`adapter ${device.adapter}`);
  try {
    const weightDType = dtype ?? automaticDType(folder);
    const bench = { tensors, targets: targetsFor(golden, math), resolution: golden.resolution };
    const { passed, line: last } = await runOn({ ...device, weightDType, math }, folder, cases, bench, output);
    output.line(last);
    return passed ? 0 : 1;
  } finally {
    device.holder.destroy();
  }
};

async function runOn(
  { holder, weightDType, math }: OpenedDevice & { readonly weightDType: DType; readonly math: MathDType },
  folder: ModelFolder,
  cases: readonly PreparedCase[],
  bench: Pick<VerifyBench, 'tensors' | 'targets' | 'resolution'>,
  output: Output,
): Promise<ReturnType<typeof verdict>> {
  const model = await DiTModel.create(holder, folder.config, { weightDType, math });
  let opened: Promise<VaeDecoder> | undefined;
  const vae = () => {
    opened ??= openVae(folder);
    return opened;
  };
  try {
    await folder.loadWeights(model.sink);
    await model.finishLoading();
    const checks = await runCases(
      cases,
      { ...bench, model, vae },
      {
        onCase: (name) => output.progress(`running ${name}`),
        onChecks: (found) => {
          for (const check of found) output.line(checkLine(check));
        },
      },
    );
    return verdict(checks);
  } finally {
    await (await opened)?.dispose();
    model.dispose();
  }
}

async function openVae({ vae, config, read }: ModelFolder): Promise<VaeDecoder> {
  if (vae === null) {
    throw new WebDiTError('format', 'The golden expects a picture, but its model has no VAE.', 'Check golden.json.');
  }
  if (vae.kind !== 'onnx') {
    throw new WebDiTError(
      'unsupported-config',
      'Pictures of goldens are compared with a decoder.onnx, which this model has not.',
      'Choose cases without pictures, or verify the VAE by a golden of its own.',
    );
  }
  const { scalingFactor, spatialScale } = vae;
  const latentShape = [config.inChannels, config.inputSize, config.inputSize] as const;
  return VaeDecoder.create(
    { decoder: await read(vae.decoder), scalingFactor, spatialScale, latentShape },
    { backend: 'wasm', gpu: null, wasmPaths: vaeWasmPaths() },
  );
}
