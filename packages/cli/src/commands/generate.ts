import { type CacheSpec, checkGuidanceScale, checkSteps, firstStepOf } from '@webdit/core';
import { encode } from 'fast-png';
import type { DiffusionPipeline, GenerateResult, InputImage } from 'webdit/node';
import {
  badUsage,
  type CommandLine,
  integerOption,
  numberOption,
  readCommandLine,
  requireOption,
  samplerOption,
  seedOption,
} from '../arguments.ts';
import { readCache } from '../cache-option.ts';
import type { Command, Output } from '../command.ts';
import { checkWritable, type LatentsFile, readLatents, writeBytes, writeJson, writeLatents } from '../files.ts';
import { type PaintInput, promptOptions, readInput } from '../input-option.ts';
import { dtypeOption, mathOption, pipelineOptions, tuneOption, withPipeline } from '../pipeline.ts';
import { readPng } from '../png.ts';

const options = [
  ...pipelineOptions,
  'label',
  ...promptOptions,
  'height',
  'width',
  'seed',
  'steps',
  'guidance',
  'guidance-channels',
  'cache',
  'scheduler',
  'out',
  'image',
  'strength',
  'latents-in',
  'latents-out',
  'json',
];

/** Everything `webdit generate` was asked for, checked as far as it can be without a model. */
interface Request extends PaintInput {
  readonly model: string;
  readonly height: number | undefined;
  readonly width: number | undefined;
  readonly seed: number | bigint | undefined;
  readonly steps: number | undefined;
  readonly guidance: number | undefined;
  readonly guidanceChannels: number | undefined;
  readonly cache: CacheSpec;
  readonly scheduler: string | undefined;
  readonly out: string | undefined;
  readonly latentsOut: string | undefined;
  readonly json: string | undefined;
  readonly latents: LatentsFile | undefined;
  /** What is painted over, as the path of a PNG and as pixels. */
  readonly image: { readonly path: string; readonly pixels: InputImage } | undefined;
  readonly strength: number | undefined;
}

/** Paints one picture. */
export const generate: Command = async (args, output) => {
  const line = readCommandLine(args, options, 0);
  const request = await readRequest(line);
  await withPipeline(line, output, (pipeline) => paint(pipeline, request, output));
  return 0;
};

async function readRequest(line: CommandLine): Promise<Request> {
  const { values } = line;
  const steps = numberOption(line, 'steps');
  if (steps !== undefined) checkSteps(steps);
  const guidance = numberOption(line, 'guidance');
  if (guidance !== undefined) checkGuidanceScale(guidance);
  const request = {
    model: requireOption(line, 'model'),
    ...(await readInput(line)),
    height: sizeOption(line, 'height'),
    width: sizeOption(line, 'width'),
    seed: seedOption(line),
    steps,
    guidance,
    guidanceChannels: integerOption(line, 'guidance-channels', 1, 64),
    cache: await readCache(values.cache ?? 'none', steps),
    scheduler: samplerOption(line),
    out: values.out,
    latentsOut: values['latents-out'],
    json: values.json,
  };
  dtypeOption(line);
  mathOption(line);
  tuneOption(line);
  const outputs = [request.out, request.latentsOut, request.json].filter((path) => path !== undefined);
  if (outputs.length === 0) throw badUsage('Nothing says where the picture goes.', 'Add --out FILE.png.');
  for (const path of outputs) await checkWritable(path);
  const latentsIn = values['latents-in'];
  if (latentsIn !== undefined && request.seed !== undefined) {
    throw badUsage('--seed and --latents-in both set the first latents.', 'Pass one of them.');
  }
  const over = await readImage(line);
  return { ...request, ...over, latents: latentsIn === undefined ? undefined : await readLatents(latentsIn) };
}

async function readImage(line: CommandLine): Promise<Pick<Request, 'image' | 'strength'>> {
  const { image: path, 'latents-in': latents } = line.values;
  const strength = numberOption(line, 'strength');
  if (path === undefined) {
    if (strength === undefined) return { image: undefined, strength };
    throw badUsage('--strength says how much of a picture may change, and there is none.', 'Add --image FILE.png.');
  }
  if (latents !== undefined) {
    throw badUsage('--image and --latents-in both set the first latents.', 'Pass one of them.');
  }
  if (strength !== undefined) firstStepOf(1, strength);
  return { image: { path, pixels: await readPng(path) }, strength };
}

/** A side in pixels. */
function sizeOption(line: CommandLine, name: 'height' | 'width'): number | undefined {
  const side = integerOption(line, name, 16, 4096);
  if (side === undefined || side % 16 === 0) return side;
  throw badUsage(`--${name} ${side} is not a multiple of 16.`, 'Pass one, such as 256.');
}

async function paint(pipeline: DiffusionPipeline, request: Request, output: Output): Promise<void> {
  const { input, seed, steps, guidance, guidanceChannels, scheduler, height, width, latents, image, strength } =
    request;
  const { out, latentsOut, json } = request;
  const result = await pipeline.generate(input, {
    ...(height === undefined ? {} : { height }),
    ...(width === undefined ? {} : { width }),
    ...(steps === undefined ? {} : { numInferenceSteps: steps }),
    ...(guidance === undefined ? {} : { guidanceScale: guidance }),
    ...(guidanceChannels === undefined ? {} : { guidanceChannels }),
    ...(scheduler === undefined ? {} : { scheduler }),
    ...(seed === undefined ? {} : { seed }),
    ...(latents === undefined ? {} : { latents }),
    ...(image === undefined ? {} : { image: image.pixels }),
    ...(strength === undefined ? {} : { strength }),
    cache: request.cache,
    outputType: out === undefined ? 'latent' : 'imageData',
    onProgress: (event) => {
      if (event.status === 'progress_total') output.progress(`loading the text encoder ${event.progress.toFixed(0)} %`);
    },
    onStep: ({ n, steps: total }) => output.progress(`step ${n + 1} of ${total}`),
  });
  if (out !== undefined && result.image) {
    const { width, height, data } = result.image;
    await writeBytes(out, encode({ width, height, data: Uint8Array.from(data), channels: 4, depth: 8 }));
  }
  if (latentsOut !== undefined) await writeLatents(latentsOut, result.latents);
  if (json !== undefined) await writeJson(json, describe(request, result));
  output.line(summary(request.what, result));
  for (const path of [out, latentsOut, json]) if (path !== undefined) output.line(`wrote ${path}`);
}

function summary(what: string, { seed, report }: GenerateResult): string {
  const { totals, flopRatio } = report;
  const words = [
    what,
    seed === null ? 'given latents' : `seed ${seed}`,
    `${report.steps.length} steps of ${report.sampler}`,
    `policy ${report.policy}`,
    `${(totals.ms / 1000).toFixed(2)} s denoising`,
    `${(totals.decodeMs / 1000).toFixed(2)} s decoding`,
    `${(totals.flops.executed / 1e9).toFixed(1)} GFLOP`,
  ];
  if (report.policy !== 'none') words.push(`${flopRatio.executed.toFixed(2)} x fewer FLOPs than uncached`);
  return words.join(', ');
}

/** The report file: what was asked, and what the run did. A seed beyond 2^53 is written in digits, as a string. */
function describe(request: Request, { seed, report }: GenerateResult): object {
  const { model, what, input, height, width, cache, scheduler, image, strength } = request;
  return {
    model,
    ...('promptEmbeds' in input ? { promptEmbeds: what } : input),
    height,
    width,
    seed: typeof seed === 'bigint' ? seed.toString() : seed,
    cache,
    scheduler,
    image: image?.path,
    strength,
    report,
  };
}
