import { join } from 'node:path';
import { maxSteps, WebDiTError } from '@webdit/core';
import { parseSafetensors } from '@webdit/weights';
import {
  DiTModel,
  type DType,
  type MathDType,
  type ModelFolder,
  openModelFolder,
  pathSource,
  VaeDecoder,
} from 'webdit/node';
import { integerOption, readCommandLine } from '../arguments.ts';
import type { Command, Output } from '../command.ts';
import { type OpenedDevice, openDevice } from '../device.ts';
import { readBytes, readJson } from '../files.ts';
import { dtypeOption, mathOption } from '../pipeline.ts';
import { vaeWasmPaths } from '../vae-runtime.ts';
import { type Check, checkLine, verdict } from '../verify/checks.ts';
import { type Golden, parseGolden, selectCases } from '../verify/golden.ts';
import { type Bench, type PreparedCase, prepareCase, runCase } from '../verify/run-case.ts';

/** Runs a golden folder: a line per tensor, then the verdict. Exit code 1 on FAIL. */
export const verify: Command = async (args, output) => {
  const line = readCommandLine(args, ['runs', 'steps', 'max-binding-mib', 'adapter', 'dtype', 'math'], 1);
  const steps = integerOption(line, 'steps', 1, maxSteps);
  const maxBinding = integerOption(line, 'max-binding-mib', 1, 2 ** 20);
  const dtype = dtypeOption(line);
  const math = mathOption(line) ?? 'f32';
  const folderPath = line.positionals[0] as string;
  const golden = parseGolden(await readJson(join(folderPath, 'golden.json')));
  const tensors = parseSafetensors(await readBytes(join(folderPath, 'golden.safetensors')), 'golden.safetensors');
  const folder = await openModelFolder(pathSource(join(folderPath, golden.model)));
  const cases = selectCases(golden.cases, line.values.runs).map((entry) => prepareCase(entry, folder, steps));

  const device = await openDevice(line.values.adapter, maxBinding);
  output.line(`adapter ${device.adapter}`);
  try {
    const weightDType = dtype ?? (folder.weightsDType === 'F16' ? 'f16' : 'f32');
    const checks = await runCases(cases, golden, tensors, folder, { ...device, weightDType, math }, output);
    const { passed, line: last } = verdict(checks);
    output.line(last);
    return passed ? 0 : 1;
  } finally {
    device.holder.destroy();
  }
};

async function runCases(
  cases: readonly PreparedCase[],
  { targets }: Golden,
  tensors: Bench['tensors'],
  folder: ModelFolder,
  { holder, weightDType, math }: OpenedDevice & { readonly weightDType: DType; readonly math: MathDType },
  output: Output,
): Promise<Check[]> {
  const model = await DiTModel.create(holder, folder.config, { weightDType, math });
  let opened: Promise<VaeDecoder> | undefined;
  const vae = () => {
    opened ??= openVae(folder);
    return opened;
  };
  try {
    await folder.loadWeights(model.sink);
    await model.finishLoading();
    const checks: Check[] = [];
    for (const entry of cases) {
      output.progress(`running ${entry.type === 'forward' ? entry.name : entry.golden.name}`);
      for (const check of await runCase(entry, { model, targets, tensors, vae })) {
        checks.push(check);
        output.line(checkLine(check));
      }
    }
    return checks;
  } finally {
    await (await opened)?.dispose();
    model.dispose();
  }
}

async function openVae({ vae, config, read }: ModelFolder): Promise<VaeDecoder> {
  if (vae === null) {
    throw new WebDiTError('format', 'The golden expects a picture, but its model has no VAE.', 'Check golden.json.');
  }
  const { scalingFactor, spatialScale } = vae;
  const latentShape = [config.inChannels, config.inputSize, config.inputSize] as const;
  return VaeDecoder.create(
    { decoder: await read(vae.decoder), scalingFactor, spatialScale, latentShape },
    { backend: 'wasm', gpu: null, wasmPaths: vaeWasmPaths() },
  );
}
