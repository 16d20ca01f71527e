import { maxSteps } from '@webdit/core';
import { checkHooks } from '../arguments.ts';
import { badArgument, refuseUnknownKeys, requireInteger, show } from '../check-values.ts';
import { absoluteUrl } from '../model-input.ts';
import type { BenchmarkOptions, CheckKernelsOptions, Diagnoses, VerifyOptions } from './types.ts';

const shared = ['signal', 'onProgress'];

/** @throws WebDiTError `bad-argument`. */
export function checkVerify(golden: string | URL, options: VerifyOptions): Diagnoses['verify']['request'] {
  checkShared(options, ['cases', 'steps'], 'verify()');
  const { cases, steps } = options;
  if (cases !== undefined && !(Array.isArray(cases) && cases.every((name) => typeof name === 'string'))) {
    throw badArgument(`cases is ${show(cases)}.`, 'Give a list of names of cases, or leave it out.');
  }
  if (steps !== undefined) requireInteger(steps, 'steps', 1, maxSteps);
  if (typeof golden !== 'string' && !(golden instanceof URL)) {
    throw badArgument(`golden is ${show(golden)}.`, 'Give the URL of a golden folder.');
  }
  return { url: absoluteUrl(String(golden)), cases: cases ?? null, steps: steps ?? null };
}

/** @throws WebDiTError `bad-argument`. */
export function checkCheckKernels(options: CheckKernelsOptions): Diagnoses['checkKernels']['request'] {
  checkShared(options, [], 'checkKernels()');
  return null;
}

/** @throws WebDiTError `bad-argument`. */
export function checkBenchmark(options: BenchmarkOptions): Diagnoses['benchmark']['request'] {
  checkShared(options, ['quick'], 'benchmark()');
  const { quick = true } = options;
  if (typeof quick !== 'boolean') throw badArgument(`quick is ${show(quick)}.`, 'Give true or false.');
  return { quick };
}

function checkShared(
  options: { readonly signal?: AbortSignal; readonly onProgress?: unknown },
  keys: readonly string[],
  what: string,
): void {
  if (typeof options !== 'object' || options === null) {
    throw badArgument(`The options of ${what} are ${show(options)}.`, 'Give an object, or leave them out.');
  }
  refuseUnknownKeys(options, [...keys, ...shared], what);
  checkHooks(options, ['onProgress']);
}
