import { checkGuidanceScale, maxSteps } from '@webdit/core';
import { fitPreview, makePairs, type PreviewSample } from 'webdit/node';
import { badUsage, integerOption, numberOption, readCommandLine, requireOption } from '../arguments.ts';
import { readCache } from '../cache-option.ts';
import type { Command } from '../command.ts';
import { checkWritable, writeJson } from '../files.ts';
import { promptOptions, readInput } from '../input-option.ts';
import { pairOptions, readPairs } from '../lab-options.ts';
import { pipelineOptions, withPipeline } from '../pipeline.ts';

const options = [...pipelineOptions, ...pairOptions, ...promptOptions, 'steps', 'guidance', 'cache', 'out'];

/** Pairs of neither a comparison nor a search. */
const pairDefaults = { count: 32, firstSeed: 2000 };

/** Paints pictures and fits the linear map from their latents to their colours that live previews use. */
export const fitPreviewMap: Command = async (args, output) => {
  const line = readCommandLine(args, options, 0);
  const out = requireOption(line, 'out');
  const numInferenceSteps = integerOption(line, 'steps', 1, maxSteps);
  const guidanceScale = numberOption(line, 'guidance');
  if (guidanceScale !== undefined) checkGuidanceScale(guidanceScale);
  const cache = await readCache(line.values.cache ?? 'none', numInferenceSteps);
  const request = readPairs(line, pairDefaults);
  const prompt = promptOptions.some((name) => line.values[name] !== undefined) ? await readInput(line) : null;
  await checkWritable(out);
  await withPipeline(line, output, async (pipeline) => {
    const { model } = pipeline.info;
    if (model.text && !prompt) {
      throw badUsage(
        'Nothing says what to paint.',
        'Pass --prompt or --prompt-embeds FILE.safetensors to a text model.',
      );
    }
    const settings = {
      numInferenceSteps: numInferenceSteps ?? model.defaults.numInferenceSteps,
      guidanceScale: guidanceScale ?? model.defaults.guidanceScale,
      cache,
    };
    const pairs = makePairs(request.count, { numClasses: model.numClasses, ...request });
    const samples: PreviewSample[] = [];
    for (const { seed, label } of pairs) {
      const { image, latents } = await pipeline.generate(prompt?.input ?? { label }, {
        ...settings,
        seed,
        outputType: 'imageData',
      });
      samples.push({ latents: latents.data, picture: image });
      output.progress(`picture ${samples.length} of ${pairs.length}`);
    }
    const { factors, bias, residual } = fitPreview(samples, model.latentShape);
    const { numInferenceSteps: steps, guidanceScale: guidance } = settings;
    const made = { pictures: pairs.length, firstSeed: request.firstSeed, steps, guidance, cache };
    const fitted = { ...made, ...(prompt ? { painted: prompt.what } : {}), residual };
    await writeJson(out, { format: 'webdit-preview/1', factors, bias, fitted });
    output.line(
      `colours of ${pairs.length} pictures, 2 apart at most, are off by ${residual.toFixed(3)} (root mean square)`,
    );
    output.line(`wrote ${out}; vae/config.json names it: "preview": "preview.json"`);
  });
  return 0;
};
