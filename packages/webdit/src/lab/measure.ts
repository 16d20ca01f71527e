import { psnr, relativeError, type StepKind, ssim } from '@webdit/core';
import type { GenerateResult, OutputImages } from '../types.ts';
import type { KindTimes, Measurement } from './comparison.ts';
import type { LabPair } from './pipe.ts';

/** A finished run, as much of it as a comparison needs. */
export type LabResult = Pick<GenerateResult<'imageData' | 'latent'>, 'image' | 'latents' | 'report'>;

/** The smallest picture SSIM is defined on. */
const ssimWindow = 11;

/** What one run did, held against the uncached run of the same seed and label. */
export function measure(row: string, pair: LabPair, result: LabResult, uncached: LabResult): Measurement {
  const { report } = result;
  return {
    row,
    seed: pair.seed,
    label: pair.label,
    policy: report.policy,
    derived: report.derived,
    sampler: report.sampler,
    steps: report.steps.length,
    ms: round(report.totals.ms),
    gpuMs: report.totals.gpuMs === undefined ? null : round(report.totals.gpuMs),
    flops: report.totals.flops,
    kinds: timesByKind(report.steps),
    latentError: relativeError(result.latents.data, uncached.latents.data),
    ...comparePictures(result.image, uncached.image),
    peakGpuBytes: report.peakGpuBytes,
  };
}

function timesByKind(steps: LabResult['report']['steps']): Partial<Record<StepKind, KindTimes>> {
  const kinds: Partial<Record<StepKind, KindTimes>> = {};
  for (const kind of new Set(steps.map((step) => step.kind))) {
    const own = steps.filter((step) => step.kind === kind);
    const gpu = own.flatMap(({ gpuMs }) => (gpuMs === undefined ? [] : [round(gpuMs)]));
    kinds[kind] = { ms: own.map(({ ms }) => round(ms)), gpuMs: gpu.length === own.length ? gpu : null };
  }
  return kinds;
}

type Picture = OutputImages['imageData' | 'latent'];

function comparePictures(image: Picture, uncached: Picture): Pick<Measurement, 'psnr' | 'ssim'> {
  if (image === null || uncached === null) return { psnr: null, ssim: null };
  const decibels = psnr(rgb(image), rgb(uncached), 255);
  const large = Math.min(image.width, image.height) >= ssimWindow;
  return {
    psnr: decibels === Number.POSITIVE_INFINITY ? 'identical' : decibels,
    ssim: large ? ssim(image, uncached) : null,
  };
}

/** Without alpha, which is the same in every picture and would flatter it. */
function rgb({ data }: NonNullable<Picture>): Uint8Array {
  return Uint8Array.from({ length: (data.length / 4) * 3 }, (_, i) => data[4 * Math.floor(i / 3) + (i % 3)] as number);
}

/** To the microsecond, which no clock here betters. */
function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
