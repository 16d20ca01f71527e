import { checkGuidanceScale, chooseSampler, maxSteps, requireDiT } from '@webdit/core';
import { automaticDType, calibrate, DiTModel, makePairs, openModelFolder } from 'webdit/node';
import { badUsage, integerOption, numberOption, readCommandLine, requireOption } from '../arguments.ts';
import type { Command } from '../command.ts';
import { openDevice } from '../device.ts';
import { checkWritable, writeBytes } from '../files.ts';
import { pairOptions, readPairs } from '../lab-options.ts';
import { modelSource } from '../model-source.ts';
import { dtypeOption, mathOption } from '../pipeline.ts';

const options = ['model', 'adapter', 'dtype', 'math', ...pairOptions, 'steps', 'scheduler', 'guidance', 'out'];

/** Pairs of neither a comparison, a search nor a preview map. */
const pairDefaults = { count: 4, firstSeed: 3000 };

/** Measures how a model's inner values change over uncached runs, for the policies that plan by it. */
export const calibrateModel: Command = async (args, output) => {
  const line = readCommandLine(args, options, 0);
  const path = requireOption(line, 'model');
  const out = requireOption(line, 'out');
  const steps = integerOption(line, 'steps', 2, maxSteps);
  const guidanceScale = numberOption(line, 'guidance');
  if (guidanceScale !== undefined) checkGuidanceScale(guidanceScale);
  const request = readPairs(line, pairDefaults);
  if (request.labels?.some((label) => !/^\d+$/.test(label))) {
    throw badUsage('--labels names labels.', 'Pass class ids, such as 3,14.');
  }
  const dtype = dtypeOption(line);
  const math = mathOption(line);
  await checkWritable(out);
  const folder = requireDiT(await openModelFolder(modelSource(path)), 'Calibration');
  const { scheduler: name } = line.values;
  const scheduler = name === undefined ? folder.scheduler : chooseSampler(name, folder.scheduler);
  const { holder, adapter } = await openDevice(line.values.adapter);
  output.line(`adapter ${adapter}`);
  try {
    const weightDType = dtype ?? automaticDType(folder);
    const model = await DiTModel.create(holder, folder.config, { weightDType, ...(math ? { math } : {}) });
    try {
      await folder.loadWeights(model.sink);
      await model.finishLoading();
      const { found, ...measured } = await calibrate(
        model,
        { ...folder, scheduler },
        {
          steps: steps ?? folder.defaults.numInferenceSteps,
          pairs: makePairs(request.count, { numClasses: folder.config.numClasses, ...request }),
          guidanceScale,
          onProgress: (done, total) => output.progress(`run ${done} of ${total}`),
        },
      );
      const date = new Date().toISOString().slice(0, 10);
      const about = { ...found, dtype: weightDType, math: model.math, adapter, date };
      // a line for each list: hundreds of numbers of a line each are for nobody to read
      const text = JSON.stringify({ ...measured, found: about }, null, 1).replace(/\[[^[\]{}]*\]/g, (list) =>
        list.replace(/\s+/g, ' '),
      );
      await writeBytes(out, `${text}\n`);
    } finally {
      model.dispose();
    }
    output.line(`wrote ${out}; model_index.json names it: "calibrations": ["calibration/..."]`);
    return 0;
  } finally {
    holder.destroy();
  }
};
