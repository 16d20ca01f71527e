/**
 * onnxruntime-web, the only part of the app that is not small: what the page and its service worker agree on about its files.
 * They are fetched when a picture is painted or when the visitor keeps the app offline, never before.
 */
export interface RuntimeFile {
  /** Absolute; the name holds a hash of the content. */
  readonly url: string;
  readonly bytes: number;
}

/** What the page tells the service worker. */
export type Message =
  /** A waiting one: to take over now. */
  | { readonly type: 'activate' }
  /** To send the `RuntimeFile[]` of its version through the port that comes along. */
  | { readonly type: 'runtime-files' };

/** Caches belong to an origin, on which another copy of the app may live. @param scope address of this copy. */
export const runtimeCache = (scope: string) => `webdit-runtime ${scope}`;

/** An empty cache that says, by being there, that the visitor keeps the app offline. */
export const keptMark = (scope: string) => `webdit-kept ${scope}`;

/** Whether this browser can run a file of the runtime: one of its two builds needs WebAssembly's promise integration. */
export function isRunnable({ url }: RuntimeFile): boolean {
  return 'Suspending' in WebAssembly || !url.includes('.jspi.');
}
