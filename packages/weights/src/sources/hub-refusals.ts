import { WebDiTError } from '@webdit/core';

/** @param hasToken whether a token was sent. */
export function accessRefused(repo: string, hasToken: boolean, cause?: unknown): WebDiTError {
  return new WebDiTError(
    // Not a failure of the network: trying again is of no use.
    'not-found',
    `The Hugging Face hub does not give out ${repo}: it is gated, private or not there.`,
    hasToken
      ? 'Check the name, that the token is valid, and that its account may read the model.'
      : 'Check the name; for a gated model accept its terms on its page, and give accessToken, on the command line HF_TOKEN.',
    { cause },
  );
}
