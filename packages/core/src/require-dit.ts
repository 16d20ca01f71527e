import { WebDiTError } from './errors.ts';
import type { DiTConfig, TransformerConfig } from './model.ts';

/** What has the config of a DiT. */
export type OfDiT<T extends { readonly config: TransformerConfig }> = T & { readonly config: DiTConfig };

/**
 * A model that has to be a DiT, for what runs no other.
 * @param what the subject of the refusal, such as `Calibration`.
 * @returns `model` itself.
 * @throws WebDiTError `unsupported-config`.
 */
export function requireDiT<T extends { readonly config: TransformerConfig }>(model: T, what: string): OfDiT<T> {
  if (isDiT(model)) return model;
  throw new WebDiTError(
    'unsupported-config',
    `${what} runs DiT only so far, and this model is a PixArt.`,
    'Use the folder of a class-conditional DiT.',
  );
}

/** For what treats other models in a way of their own. */
export function isDiT<T extends { readonly config: TransformerConfig }>(model: T): model is OfDiT<T> {
  return model.config.kind === 'dit';
}
