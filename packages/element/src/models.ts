import { configuration } from './configuration.ts';
import { type Lease, Pool } from './pool/pool.ts';
import { type Settings, toLoadOptions } from './settings.ts';

/** Time for a view to be taken down and the next one to be put up. */
const defaultKeepAlive = 5_000;

/** The models of this page, one worker and one copy of the weights each, shared by all its elements. */
const pool = new Pool(() => configuration().keepAlive ?? defaultKeepAlive);

/** What tells the models of two elements apart. */
export function modelKey(settings: Settings): string {
  const { workerUrl, wasmPaths } = configuration();
  const model = absolute(settings.model).replace(/\/+$/, '');
  return JSON.stringify([model, toLoadOptions(settings), String(workerUrl), wasmPaths]);
}

/** A share in the model of these settings; nothing is loaded yet. */
export function acquireModel(settings: Settings): Lease {
  const { workerUrl, wasmPaths } = configuration();
  return pool.acquire(modelKey(settings), async (hooks) => {
    const { DiffusionPipeline } = await import('webdit');
    hooks.signal.throwIfAborted();
    return DiffusionPipeline.fromPretrained(settings.model, {
      ...toLoadOptions(settings),
      ...(workerUrl === undefined ? {} : { workerUrl }),
      ...(wasmPaths === undefined ? {} : { wasmPaths }),
      ...hooks,
    });
  });
}

/** What is no URL keeps its own key; loading it says what is wrong. */
function absolute(model: string): string {
  return URL.canParse(model, document.baseURI) ? new URL(model, document.baseURI).href : model;
}
