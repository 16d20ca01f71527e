import { type ModelSource, networkSource, pathSource, storedSource } from 'webdit/node';

/**
 * The model that a command line names: a folder or weights file on disk, a URL, or a model on the Hugging Face hub. `HF_TOKEN` and
 * `HF_ENDPOINT` mean what they mean to the hub's own tools.
 * @throws WebDiTError `bad-argument` for a wrong `hf:` address or token.
 */
export function modelSource(model: string): ModelSource {
  return remoteSource(model) ?? pathSource(model);
}

/** The same for what is not on disk; null for what is. */
export function remoteSource(model: string): ModelSource | null {
  if (!/^(hf:|https?:\/\/)/.test(model)) return null;
  const { HF_TOKEN, HF_ENDPOINT } = process.env;
  const options = { accessToken: HF_TOKEN || undefined, hubUrl: HF_ENDPOINT?.replace(/\/+$/, '') || undefined };
  return storedSource(networkSource(model, options), null);
}
