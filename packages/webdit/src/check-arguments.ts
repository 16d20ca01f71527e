import { policyOf } from '@webdit/core';
import { checkForAnyModel } from './arguments.ts';
import type { GenerateInput, GenerateOptions } from './types.ts';

/**
 * Checks a `generate` call as far as no model is needed for it; `generate` itself repeats this. For pages that load a model
 * on demand: wrong values are then refused before anything is downloaded.
 * @throws WebDiTError `bad-argument`, `unknown-policy`.
 */
export function checkArguments(input: GenerateInput, options: GenerateOptions = {}): void {
  policyOf(checkForAnyModel(input, options).cache);
}
