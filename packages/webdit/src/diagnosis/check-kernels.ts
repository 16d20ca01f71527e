import type { EngineParts } from '../loading.ts';
import { tuningAlone } from '../tuning-store.ts';
import type { CheckKernelsResult, DiagnosisHooks } from './types.ts';

/**
 * Checks every kernel variant the model may run here; what fails is not run any more, in this load and in later ones.
 * @throws WebDiTError `numeric` when no variant of an op works, `out-of-memory`, `device-lost`; the signal's reason.
 */
export async function checkKernels(
  { model }: EngineParts,
  _request: null,
  { signal, onProgress }: DiagnosisHooks<'checkKernels'>,
): Promise<CheckKernelsResult> {
  const work = () =>
    model.checkKernels({ signal, onProgress: (done, total, check) => onProgress({ done, total, check }) });
  // Other tabs' loads write to the same records.
  const checks = await tuningAlone(work, signal);
  return { ok: checks.every(({ ok }) => ok), checks, tuning: model.tuning };
}
