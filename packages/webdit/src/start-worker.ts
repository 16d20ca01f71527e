import { WebDiTError } from '@webdit/core';
import { badArgument } from './check-values.ts';
import { absoluteUrl } from './model-input.ts';

/** What a `new Worker` is called with. */
interface Script {
  readonly url: string;
  readonly options: WorkerOptions | undefined;
}

/** The part of Trusted Types used here, where the browser has them. Their objects stand for the strings they were made of. */
interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): string };
}

/**
 * Starts the engine's worker: by its address where that is of this page's origin, else by a `blob:` script that imports it, since
 * browsers start no worker of another origin. The page's content security policy must then allow `blob:` and the other origin in
 * `worker-src`, and the other origin must send `Access-Control-Allow-Origin`.
 * @param url a module script; undefined for the one that comes with this package.
 * @throws WebDiTError `bad-argument` where there are no workers, `worker-crashed` when the browser refuses.
 */
export function startWorker(url: string | URL | undefined): Worker {
  if (typeof Worker !== 'function') {
    throw badArgument('There are no web workers here.', 'Pass worker: false.');
  }
  try {
    const script = url === undefined ? ownScript() : { url: absoluteUrl(String(url)), options: asModule };
    return new Worker(trusted(isForeign(script.url) ? importing(script) : script.url), script.options);
  } catch (cause) {
    if (cause instanceof WebDiTError) throw cause;
    throw new WebDiTError(
      'worker-crashed',
      'The browser refused to start the worker.',
      'Check workerUrl, and that the page’s content security policy allows the worker: worker-src, and trusted-types webdit.',
      { cause },
    );
  }
}

const asModule = { type: 'module', name: 'webdit' } as const;

/**
 * The script that comes with this package, where the bundler put it. Bundlers only know the literal `new Worker(new URL(…))`,
 * which would start the worker before anybody has seen its address; so that a constructor that starts nothing stands in.
 */
function ownScript(): Script {
  const { Worker } = globalThis;
  const scripts: Script[] = [];
  globalThis.Worker = class {
    constructor(url: string | URL, options?: WorkerOptions) {
      scripts.push({ url: absoluteUrl(String(url)), options });
    }
  } as typeof Worker;
  try {
    startOwn();
  } finally {
    globalThis.Worker = Worker;
  }
  return scripts[0] as Script;
}

function startOwn(): Worker {
  return new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name: 'webdit' });
}

function isForeign(url: string): boolean {
  return /^https?:/.test(url) && new URL(url).origin !== globalThis.origin;
}

const shims = new Map<string, string>();

/** The address of a script of this origin that runs another one: made once, since a worker may read it late. */
function importing({ url, options }: Script): string {
  // Some bundlers build workers as classic scripts.
  const code = options?.type === 'module' ? `import ${JSON.stringify(url)};` : `importScripts(${JSON.stringify(url)});`;
  const shim = shims.get(code) ?? URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
  shims.set(code, shim);
  return shim;
}

let policy: { createScriptURL(url: string): string } | undefined;

/** Lets a script address through where the page enforces Trusted Types, by the policy named `webdit`. */
function trusted(url: string): string {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  if (!trustedTypes) return url;
  try {
    policy ??= trustedTypes.createPolicy('webdit', { createScriptURL: (address) => address });
  } catch {
    // Not on the page's list; its policy named `default` may let the address through.
    return url;
  }
  return policy.createScriptURL(url);
}
