import type { ModelSource } from '../source.ts';
import { httpSource } from './http.ts';
import { type HubSourceOptions, hubSource } from './hub.ts';
import { parseHubAddress } from './hub-address.ts';

/**
 * The source that an address names: `hf:…` and models on huggingface.co through the hub, any other URL through HTTP, which is sent no token.
 * @throws WebDiTError `bad-argument` for a wrong `hf:` address.
 */
export function networkSource(
  address: string,
  options: Pick<HubSourceOptions, 'accessToken' | 'hubUrl' | 'fetch'> = {},
): ModelSource {
  const hub = parseHubAddress(address);
  if (hub) return hubSource(hub.repo, { ...options, ...hub });
  return httpSource(address, options.fetch ? { fetch: options.fetch } : {});
}
