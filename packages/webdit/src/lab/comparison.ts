import { type CacheSpec, type StepKind, WebDiTError } from '@webdit/core';
import type { PipelineInfo } from '../types.ts';
import { differingField } from './difference.ts';
import { adapterName } from './pipe.ts';

/** No cache and another number of steps, perhaps of another sampler. */
export interface FewerSteps {
  readonly fewerSteps: number;
  /** As `generate` takes it; by default the comparison's. */
  readonly scheduler?: string;
}

/** One way to draw: a cache policy at the comparison's number of steps, or no cache at fewer steps. */
export type CompareRow = CacheSpec | FewerSteps;

/** What every measurement of a comparison shares; measurements made under other settings are never mixed in. */
export interface CompareSettings {
  readonly model: string;
  readonly thread: PipelineInfo['thread'];
  readonly adapter: string;
  readonly dtype: PipelineInfo['dtype'];
  readonly kernels: PipelineInfo['kernels'];
  /** Steps of every row but the `fewerSteps` ones. */
  readonly steps: number;
  readonly guidanceScale: number;
  /** The sampler that was asked for, where it is not the model's own. */
  readonly scheduler?: string;
}

/** Times of the steps of one kind, in denoising order. `gpuMs` is null where the adapter has no timestamps. */
export interface KindTimes {
  readonly ms: readonly number[];
  readonly gpuMs: readonly number[] | null;
}

/** One picture of one row. */
export interface Measurement {
  /** `rowId` of the row. */
  readonly row: string;
  readonly seed: number;
  readonly label: number | string;
  /** The policy's name as the report prints it: it reproduces the run. */
  readonly policy: string;
  readonly derived: boolean;
  /** The sampler's name; missing in comparisons from before there were several. */
  readonly sampler?: string;
  readonly steps: number;
  /** Wall-clock milliseconds of the loop: the sum of its steps, without the VAE. */
  readonly ms: number;
  /** The same on the GPU's clock, or null. */
  readonly gpuMs: number | null;
  readonly flops: { readonly executed: number; readonly published: number };
  readonly kinds: Readonly<Partial<Record<StepKind, KindTimes>>>;
  /** `||latents - uncached|| / ||uncached||`, final latents. */
  readonly latentError: number;
  /** Decibels between the pictures' RGB bytes, or `identical`; null without a VAE. */
  readonly psnr: number | 'identical' | null;
  /** Null without a VAE, or for pictures under 11 pixels. */
  readonly ssim: number | null;
  readonly peakGpuBytes: number;
}

/** What a comparison has measured so far: plain JSON, enough to go on from. */
export interface CompareState {
  readonly format: 'webdit-compare/1';
  readonly settings: CompareSettings;
  readonly measurements: readonly Measurement[];
}

export function isFewerSteps(row: CompareRow): row is FewerSteps {
  return typeof row === 'object' && 'fewerSteps' in row && !('policy' in row);
}

/** The name under which a row's measurements are kept. */
export function rowId(row: CompareRow): string {
  if (typeof row === 'string') return row;
  if (!isFewerSteps(row)) return JSON.stringify(row);
  const steps = `none at ${row.fewerSteps} steps`;
  return row.scheduler === undefined ? steps : `${steps} of ${row.scheduler}`;
}

/** What all rows of a comparison have in common, for its table and its file. */
export function settingsOf(
  info: PipelineInfo,
  steps: number,
  guidanceScale: number,
  scheduler?: string | undefined,
): CompareSettings {
  const { name, thread, dtype, kernels } = info;
  const settings = { model: name, thread, adapter: adapterName(info), dtype, kernels, steps, guidanceScale };
  return scheduler === undefined ? settings : { ...settings, scheduler };
}

/**
 * Checks a saved state against the comparison that wants to go on from it.
 * @throws WebDiTError `bad-argument`, naming what differs.
 */
export function checkState(state: CompareState, settings: CompareSettings): CompareState {
  const other = differingField(state.settings, settings) as keyof CompareSettings | undefined;
  if (other === undefined) return state;
  throw new WebDiTError(
    'bad-argument',
    `The saved comparison has ${other} ${shown(state.settings[other])}, this one ${shown(settings[other])}.`,
    'Resume with the settings it was started with, or start afresh.',
  );
}

function shown(setting: unknown): string {
  return setting === undefined ? 'of the model' : JSON.stringify(setting);
}

/**
 * Reads a saved `CompareState`.
 * @param path names the file in errors.
 * @throws WebDiTError `format`.
 */
export function parseCompareState(json: unknown, path: string): CompareState {
  const state = json as CompareState;
  if (isObject(json) && state.format === 'webdit-compare/1' && isObject(state.settings)) {
    const { measurements } = state;
    if (Array.isArray(measurements) && measurements.every(isMeasurement)) {
      return { format: state.format, settings: state.settings, measurements };
    }
  }
  throw new WebDiTError(
    'format',
    `${path} is not a saved comparison.`,
    'Pass a file that an earlier comparison wrote, or none.',
  );
}

function isMeasurement(json: unknown): json is Measurement {
  if (!isObject(json) || !isObject(json.kinds) || !isObject(json.flops)) return false;
  const { row, policy, sampler = '', seed, label, psnr, ssim, gpuMs } = json;
  const numbers = [seed, json.steps, json.ms, json.latentError, json.peakGpuBytes];
  return (
    [row, policy, sampler].every((value) => typeof value === 'string') &&
    ['string', 'number'].includes(typeof label) &&
    [...numbers, json.flops.executed, json.flops.published].every(Number.isFinite) &&
    [gpuMs, ssim, psnr === 'identical' ? null : psnr].every((value) => value === null || Number.isFinite(value)) &&
    Object.values(json.kinds).every((times) => isObject(times) && Array.isArray(times.ms))
  );
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
