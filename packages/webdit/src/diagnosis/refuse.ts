import { WebDiTError } from '@webdit/core';

/** What an engine without a GPU says to every diagnosis. */
export async function refuseDiagnosis(): Promise<never> {
  throw new WebDiTError(
    'unsupported-config',
    'This pipeline runs on the processor, where there are no kernels to check or to measure.',
    "Load the model without device: 'wasm', in a browser with WebGPU.",
  );
}
