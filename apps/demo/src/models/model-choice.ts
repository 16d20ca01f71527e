import type { PickedFile } from 'webdit';

/** A model that the page may paint with. */
export interface ModelChoice {
  /** As the page's address names it: empty for the page's own, a URL, or `dropped:` and the name of a folder. */
  readonly key: string;
  readonly name: string;
  readonly source: URL | readonly PickedFile[];
}

const droppedPrefix = 'dropped:';

/** Why something is no model to choose, with a remedy. */
export class ChoiceError extends Error {
  readonly code = 'bad-argument';

  constructor(
    message: string,
    readonly remedy: string,
  ) {
    super(message);
  }
}

export function ownModel(url: URL): ModelChoice {
  return { key: '', name: nameAt(url), source: url };
}

export function droppedModel(files: readonly PickedFile[]): ModelChoice {
  const [root, ...rest] = files[0]?.path.split('/') ?? [];
  const name = root && rest.length > 0 ? root : (files.find(({ path }) => path.endsWith('.safetensors'))?.path ?? '');
  return { key: droppedPrefix + name, name, source: files };
}

/** The folder that a key names, which only the visitor can open again; null for other keys. */
export function droppedName(key: string): string | null {
  return key.startsWith(droppedPrefix) ? key.slice(droppedPrefix.length) : null;
}

/**
 * The model at an address, which may come from a link.
 * @param base what it is relative to; its origin may be loaded from, whatever its protocol.
 * @throws ChoiceError for what is no address, and for addresses without https.
 */
export function modelAt(address: string, base: string): ModelChoice {
  const url = parseUrl(address.trim(), base);
  // `hf:` is the library's name for models on the Hugging Face hub.
  const known = url.protocol === 'https:' || url.protocol === 'hf:';
  if (!known && url.origin !== new URL(base).origin) {
    throw new ChoiceError(
      `Models load over https only, and "${shorten(address)}" is another kind of address.`,
      'Give an https address, or drop the folder on this page.',
    );
  }
  if (url.username || url.password) {
    throw new ChoiceError('The address holds a user name or password.', 'Give an address without them.');
  }
  url.hash = '';
  return { key: url.href, name: nameAt(url), source: url };
}

function parseUrl(address: string, base: string): URL {
  try {
    if (address !== '') return new URL(address, base);
  } catch {
    // said below
  }
  throw new ChoiceError(`"${shorten(address)}" is no address.`, 'Give the https address of a model folder.');
}

/** What people call the model at an address: the last part of its path. */
export function nameAt({ pathname, host }: URL): string {
  const part = pathname.split('/').filter(Boolean).at(-1);
  return part === undefined ? host : decoded(part);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
