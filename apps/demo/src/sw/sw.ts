import { clientsClaim } from 'workbox-core';
import { cleanupOutdatedCaches, getCacheKeyForURL, matchPrecache, precacheAndRoute } from 'workbox-precaching';
import { registerRoute } from 'workbox-routing';
import { CacheFirst, NetworkFirst } from 'workbox-strategies';
import { isRunnable, keptMark, type Message, type RuntimeFile, runtimeCache } from '../offline/runtime-files.ts';

declare const self: ServiceWorkerGlobalScope;

/** A file of the app; those of the runtime have their size. */
interface AppFile {
  readonly url: string;
  readonly revision: string | null;
  readonly bytes?: number;
}

const { scope } = self.registration;
// The build writes the list here.
const files = self.__WB_MANIFEST as readonly AppFile[];
const runtime: readonly RuntimeFile[] = files.flatMap(({ url, bytes }) =>
  bytes === undefined ? [] : [{ url: new URL(url, scope).href, bytes }],
);
const runtimeUrls = new Set(runtime.map(({ url }) => url));
const models = new URL('models/', scope).href;

// A model may change without the app: its small files come from the server while there is one, so that they fit the weights.
registerRoute(
  ({ url }) => url.href.startsWith(models) && getCacheKeyForURL(url.href) !== undefined,
  new NetworkFirst({
    cacheName: `webdit-model-files ${scope}`,
    networkTimeoutSeconds: 3,
    plugins: [{ handlerDidError: ({ request }) => matchPrecache(request) }],
  }),
);
// `no-store` is the page filling the cache itself, with progress.
registerRoute(
  ({ url, request }) => runtimeUrls.has(url.href) && request.cache !== 'no-store',
  new CacheFirst({ cacheName: runtimeCache(scope) }),
);
precacheAndRoute(files.filter(({ bytes }) => bytes === undefined).map(({ url, revision }) => ({ url, revision })));
cleanupOutdatedCaches();
clientsClaim();

/** The runtime of a new version, for visitors who keep the app offline; without it the old version stays. */
async function renewRuntime(): Promise<void> {
  if (!(await caches.has(keptMark(scope)))) return;
  const cache = await caches.open(runtimeCache(scope));
  const stored = new Set((await cache.keys()).map(({ url }) => url));
  const needed = runtime.filter(isRunnable).map(({ url }) => url);
  await cache.addAll(needed.filter((url) => !stored.has(url)));
}

async function removeOldRuntime(): Promise<void> {
  const cache = await caches.open(runtimeCache(scope));
  for (const { url } of await cache.keys()) if (!runtimeUrls.has(url)) await cache.delete(url);
}

self.addEventListener('install', (event) => event.waitUntil(renewRuntime()));
self.addEventListener('activate', (event) => event.waitUntil(removeOldRuntime()));
self.addEventListener('message', ({ data, ports }) => {
  const message = data as Message;
  if (message.type === 'activate') void self.skipWaiting();
  if (message.type === 'runtime-files') ports[0]?.postMessage(runtime);
});
