import type { EngineParts } from '../loading.ts';
import type { Diagnoses, DiagnosisHooks, DiagnosisName } from './types.ts';

type Diagnose<N extends DiagnosisName> = (
  parts: EngineParts,
  request: Diagnoses[N]['request'],
  hooks: DiagnosisHooks<N>,
) => Promise<Diagnoses[N]['result']>;

/** Each in a chunk of its own: most visitors never ask. */
const diagnoses: { readonly [N in DiagnosisName]: () => Promise<Diagnose<N>> } = {
  verify: async () => (await import('./verify.ts')).verify,
  checkKernels: async () => (await import('./check-kernels.ts')).checkKernels,
  benchmark: async () => (await import('./benchmark.ts')).benchmark,
};

/** Runs a diagnosis on a loaded model. Nothing else may run on it meanwhile. @throws what the diagnosis throws. */
export async function diagnose<N extends DiagnosisName>(
  parts: EngineParts,
  name: N,
  request: Diagnoses[N]['request'],
  hooks: DiagnosisHooks<N>,
): Promise<Diagnoses[N]['result']> {
  const run = await diagnoses[name]();
  hooks.signal?.throwIfAborted();
  return run(parts, request, hooks);
}
