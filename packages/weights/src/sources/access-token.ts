import { WebDiTError } from '@webdit/core';

/** Its message says nothing of what was given. @throws WebDiTError `bad-argument` for what is no token of the hub. */
export function checkAccessToken(accessToken: unknown): void {
  if (typeof accessToken === 'string' && /^hf_[\x21-\x7e]+$/.test(accessToken)) return;
  throw new WebDiTError(
    'bad-argument',
    'accessToken is not an access token of the Hugging Face hub.',
    'Give one, which begins with hf_, or leave it out.',
  );
}
