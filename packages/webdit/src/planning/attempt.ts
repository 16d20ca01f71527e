import { WebDiTError } from '@webdit/core';

/** What `work` returns, or the WebDiTError it throws. */
export function attempt<T>(work: () => T): T | WebDiTError {
  try {
    return work();
  } catch (error) {
    if (error instanceof WebDiTError) return error;
    throw error;
  }
}
