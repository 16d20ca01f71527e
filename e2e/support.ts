import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright/test';
import { readCanvas } from './canvas.ts';

/** Address under which the development server hands out a source file of this repository. */
export function sourceUrl(path: string): string {
  return `/@fs${fileURLToPath(new URL(`../${path}`, import.meta.url))}`;
}

export const webditUrl = sourceUrl('packages/webdit/src/index.ts');

/** An empty page on the server's origin: the library alone, without the demo. */
export async function openBlank(page: Page): Promise<void> {
  await page.route('**/blank.html', (route) =>
    route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>blank</title>' }),
  );
  await page.goto('/blank.html');
}

/** The demo's buttons. */
export const generate = (page: Page) => page.getByRole('button', { name: 'Generate' });
export const abort = (page: Page) => page.getByRole('button', { name: 'Abort' });

/** The picture on the demo's stamp. */
export const pixels = (page: Page) => readCanvas(page.locator('canvas'));

export interface LongFrame {
  /** Milliseconds our scripts ran in this frame. */
  readonly duration: number;
  readonly source: string;
}

/**
 * Records frames in which one script of the page's own thread ran for more than 50 ms. Call before the page loads; read
 * with `longFrames`.
 */
export async function watchFrames(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const seen: LongFrame[] = [];
    interface Script {
      readonly duration: number;
      readonly sourceURL: string;
      readonly sourceFunctionName: string;
    }
    const keep = (entries: PerformanceEntryList) => {
      for (const frame of entries as (PerformanceEntry & { readonly scripts: Script[] })[]) {
        for (const { duration, sourceURL, sourceFunctionName } of frame.scripts) {
          // Scripts without a URL of ours are the test runner's own.
          if (duration > 50 && sourceURL.startsWith(location.origin))
            seen.push({ duration, source: `${sourceURL} ${sourceFunctionName}` });
        }
      }
    };
    const observer = new PerformanceObserver((list) => keep(list.getEntries()));
    observer.observe({ type: 'long-animation-frame', buffered: true });
    // Reading starts the list anew.
    const read = () => {
      keep(observer.takeRecords());
      return seen.splice(0);
    };
    Object.assign(window, { e2eLongFrames: read });
  });
}

/** The long frames since the last call; waits for the frame that is under way, whose entry comes when it has been painted. */
export function longFrames(page: Page): Promise<LongFrame[]> {
  return page.evaluate(async () => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    await frame();
    await frame();
    return (window as unknown as { e2eLongFrames: () => LongFrame[] }).e2eLongFrames();
  });
}
