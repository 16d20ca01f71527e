import type { PluginOption } from 'vite';
import { VitePWA } from 'vite-plugin-pwa';

/** Bytes. No file above this is fetched before the visitor asks for it. */
const mostPrecached = 1_000_000;

const ground = { light: '#dfe5e4', accent: '#c23f18' };

/**
 * The web app manifest and the service worker. Both say nothing of where the page is served: addresses are relative, and without
 * an `id` the manifest's is its start URL, so that two copies on one host stay two apps.
 */
export function pwa(): PluginOption {
  return VitePWA({
    strategies: 'injectManifest',
    srcDir: 'src/sw',
    filename: 'sw.ts',
    // The page registers it itself: when it is idle, and with a prompt for updates.
    injectRegister: false,
    integration: {
      configureCustomSWViteBuild: (options) => {
        options.logLevel = 'warn';
      },
    },
    manifest: {
      name: 'WebDiT: new emoji, painted in this tab',
      short_name: 'WebDiT',
      description: 'Pick an emoji and your own graphics card paints a new one, in this tab.',
      lang: 'en',
      start_url: '.',
      scope: '.',
      display: 'standalone',
      background_color: ground.light,
      theme_color: ground.accent,
      categories: ['graphics', 'entertainment'],
      icons: [
        { src: 'icons/any-192.png', sizes: '192x192', type: 'image/png', purpose: 'any' },
        { src: 'icons/any-512.png', sizes: '512x512', type: 'image/png', purpose: 'any' },
        { src: 'icons/maskable-192.png', sizes: '192x192', type: 'image/png', purpose: 'maskable' },
        { src: 'icons/maskable-512.png', sizes: '512x512', type: 'image/png', purpose: 'maskable' },
      ],
      shortcuts: [
        { name: 'Compare', description: 'One seed, cached and uncached, side by side', url: './#/compare' },
        { name: 'Trade-off', description: 'Speed against quality on this device', url: './#/tradeoff' },
        { name: 'This device', description: 'Check and measure this graphics card', url: './#/device' },
      ].map((shortcut) => ({
        ...shortcut,
        icons: [{ src: 'icons/any-192.png', sizes: '192x192', type: 'image/png' }],
      })),
    },
    injectManifest: {
      // The library's workers are modules, service workers in Firefox are not.
      rollupFormat: 'iife',
      sourcemap: false,
      globPatterns: ['**/*.{html,js,css,svg,png,webmanifest,wasm}', 'models/**/*.{json,md}', 'check/**'],
      // All but what Generate or "Keep offline" fetch themselves: the runtime, which the entry then gives its size.
      maximumFileSizeToCacheInBytes: 25 * 2 ** 20,
      manifestTransforms: [
        (entries) => ({
          manifest: entries.map((entry) => {
            const isRuntime = /\/ort[-.][^/]*$/.test(entry.url);
            if (!isRuntime && entry.size > mostPrecached) {
              throw new Error(`${entry.url} has ${entry.size} bytes, too many to be fetched unasked.`);
            }
            return isRuntime ? { ...entry, bytes: entry.size } : entry;
          }),
        }),
      ],
    },
  });
}
