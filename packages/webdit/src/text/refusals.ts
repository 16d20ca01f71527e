import { WebDiTError } from '@webdit/core';

/** What is said to words where nothing reads them. */
export function noEncoder(): WebDiTError {
  return new WebDiTError(
    'unsupported-config',
    'This model has no text encoder that can be used here, so it takes no prompts in words.',
    "Give { promptEmbeds }, made by the model's own text encoder; info.notes says what is missing, where the folder names one.",
  );
}
