import { type Browser, chromium, type Page } from 'playwright';
import type { ViteDevServer } from 'vite';
import { findChromium } from '../testing/chromium.ts';
import { baseUrl, type ServeOptions, serve } from './serve.ts';

/** Opens a page of the development server in Chromium for as long as `work` takes. */
export async function withPage(
  { flags, ...options }: ServeOptions & { readonly flags: readonly string[] },
  work: (page: Page, url: string, browser: Browser) => Promise<void>,
): Promise<void> {
  let server: ViteDevServer | undefined;
  let browser: Browser | undefined;
  try {
    server = await serve(options);
    browser = await chromium.launch({ executablePath: findChromium(), args: [...flags] });
    await work(await browser.newPage(), baseUrl(server), browser);
  } finally {
    await browser?.close();
    await server?.close();
  }
}
