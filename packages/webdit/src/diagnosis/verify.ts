import { WebDiTError } from '@webdit/core';
import { httpSource } from '@webdit/weights';
import type { EngineParts } from '../loading.ts';
import { type TensorCheck, worstOf } from '../verify/checks.ts';
import { targetsFor } from '../verify/golden.ts';
import { openGolden, prepareCases, runCases } from '../verify/verify.ts';
import type { Diagnoses, DiagnosisHooks, VerifyResult } from './types.ts';

/**
 * Runs a golden folder on the loaded model.
 * @throws WebDiTError `not-found`, `network`, `format`, `unsupported-config`, `schedule-mismatch`, `shape-mismatch`,
 *   `bad-argument` (an unknown case), and what a run throws; the signal's reason.
 */
export async function verify(
  { folder, model, vae, dtype }: EngineParts,
  { url, cases: names, steps }: Diagnoses['verify']['request'],
  { signal, onProgress }: DiagnosisHooks<'verify'>,
): Promise<VerifyResult> {
  const { golden, tensors } = await openGolden(httpSource(url), signal);
  const cases = prepareCases({ golden, tensors }, folder, { names: names ?? undefined, steps: steps ?? undefined });
  const total = cases.length;
  const checks: TensorCheck[] = [];
  const bench = {
    model,
    targets: targetsFor(golden, model.math),
    tensors,
    vae: async () => vae ?? noVae(),
    signal,
    resolution: golden.resolution,
  };
  await runCases(cases, bench, {
    onCase: (name, done) => onProgress({ done, total, case: name, checks: [...checks] }),
    onChecks: (found) => checks.push(...found),
  });
  onProgress({ done: total, total, case: null, checks });
  const worst = worstOf(checks);
  return { ok: worst.ok, checks, worst, reference: golden.reference, dtype, math: model.math, kernels: model.kernels };
}

function noVae(): never {
  throw new WebDiTError('format', 'The golden expects a picture, but this model has no VAE.', 'Choose other cases.');
}
