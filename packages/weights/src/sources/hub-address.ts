import { WebDiTError } from '@webdit/core';

/** A model on the Hugging Face hub. */
export interface HubAddress {
  /** `owner/name` */
  readonly repo: string;
  /** A folder in it, without slashes at its ends; empty for the whole. */
  readonly subfolder: string;
  /** Branch, tag or commit. */
  readonly revision: string;
}

export const defaultHubUrl = 'https://huggingface.co';
export const defaultRevision = 'main';

/**
 * Reads `hf:owner/name`, `hf:owner/name/folder@revision` and the addresses of models on huggingface.co, with or without
 * `/tree/revision/folder`; null for any other address, also of single files there.
 * @throws WebDiTError `bad-argument` for what begins with `hf:` and names no model.
 */
export function parseHubAddress(address: string): HubAddress | null {
  const [, short] = /^hf:(.*)$/s.exec(address) ?? [];
  if (short !== undefined) return parseShort(short, address);
  const [, path] = /^https:\/\/(?:www\.)?huggingface\.co\/([^?#]*)/.exec(address) ?? [];
  const [owner = '', name = '', kind, ...rest] = (path ?? '').replace(/%2F/gi, '/').replace(/\/+$/, '').split('/');
  const repo = `${owner}/${name}`;
  if (path === undefined || !isRepo(repo) || !(kind === undefined || (kind === 'tree' && rest.length > 0))) return null;
  // What a pull request proposes is at refs/pr/<number>.
  const parts = rest[0] === 'refs' ? 3 : 1;
  return {
    repo,
    revision: rest.slice(0, parts).join('/') || defaultRevision,
    subfolder: rest.slice(parts).join('/'),
  };
}

/** The one way to write an address. */
export function printHubAddress({ repo, subfolder, revision }: HubAddress): string {
  return `hf:${repo}${subfolder && `/${subfolder}`}${revision === defaultRevision ? '' : `@${revision}`}`;
}

export function isRepo(repo: string): boolean {
  return /^[\w.-]+\/[\w.-]+$/.test(repo) && !/^(datasets|spaces|models|docs|api)\//.test(repo);
}

function parseShort(text: string, address: string): HubAddress {
  const [, path = '', revision = defaultRevision] = /^([^@]*)(?:@(.+))?$/s.exec(text) ?? [];
  const [owner = '', name = '', ...folders] = path.replace(/\/+$/, '').split('/');
  const repo = `${owner}/${name}`;
  if (isRepo(repo)) return { repo, revision, subfolder: folders.join('/') };
  throw new WebDiTError(
    'bad-argument',
    `"${address}" names no model on the Hugging Face hub.`,
    'Write hf:owner/name, and @revision behind it if you like.',
  );
}
