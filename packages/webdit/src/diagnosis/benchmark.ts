import { benchLoadedModel } from '@webdit/gpu/bench';
import type { EngineParts } from '../loading.ts';
import { shortName } from '../progress.ts';
import type { BenchmarkResult, Diagnoses, DiagnosisHooks } from './types.ts';

/**
 * Measures the adapter's ceilings and the steps of the loaded model.
 * @throws WebDiTError `numeric` when a probe gave wrong results, `out-of-memory`, `device-lost`; the signal's reason.
 */
export async function benchmark(
  { holder, folder, model, dtype }: EngineParts,
  { quick }: Diagnoses['benchmark']['request'],
  { signal, onProgress }: DiagnosisHooks<'benchmark'>,
): Promise<BenchmarkResult> {
  const name = shortName(folder.name);
  const report = await benchLoadedModel(model, name, {
    quick,
    signal,
    onProgress: (what, done, total) => onProgress({ what, done, total }),
  });
  return {
    format: 'webdit-bench/1',
    quick,
    model: name,
    adapterInfo: holder.adapterInfo,
    dtype,
    math: model.math,
    ...report,
  };
}
