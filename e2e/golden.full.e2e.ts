import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'playwright/test';
import { psnr } from '../packages/core/src/metrics.ts';
import type * as Webdit from '../packages/webdit/src/index.ts';
import { parseSafetensors, tensorToFloat32 } from '../packages/weights/src/safetensors/whole-file.ts';
import { longFrames, openBlank, watchFrames, webditUrl } from './support.ts';

/** goldens/emoji-dit/golden.json: f32 arithmetic reaches 55 dB. */
const targetDecibels = 55;

/** The golden picture of `pizza`, seed 0, `[3, 64, 64]` in [-1, 1], as RGB bytes pixel by pixel. */
function goldenPixels(): number[] {
  const path = fileURLToPath(new URL('../goldens/emoji-dit/golden.safetensors', import.meta.url));
  const tensor = parseSafetensors(readFileSync(path)).get('pizza_image');
  if (!tensor) throw new Error('the golden has no pizza_image');
  const planes = tensorToFloat32(tensor);
  const plane = planes.length / 3;
  return Array.from({ length: planes.length }, (_, i) => {
    const value = planes[(i % 3) * plane + Math.floor(i / 3)] as number;
    return Math.round(Math.min(255, Math.max(0, 127.5 * (value + 1))));
  });
}

test('a worker in Chromium paints the golden pizza from its seed', async ({ page }) => {
  await watchFrames(page);
  await openBlank(page);
  const { rgba, thread, steps } = await page.evaluate(
    async ({ webditUrl }) => {
      const { DiffusionPipeline }: typeof Webdit = await import(webditUrl);
      const pipe = await DiffusionPipeline.fromPretrained('/models/emoji-dit/');
      let steps = 0;
      const { image } = await pipe.generate(
        { label: 'pizza' },
        { seed: 0, numInferenceSteps: 50, guidanceScale: 3, outputType: 'imageData', onStep: () => steps++ },
      );
      const { thread } = pipe.info;
      await pipe.dispose();
      // As text: Playwright walks through an array number by number, in the page's own frame.
      return { rgba: image.data.join(), thread, steps };
    },
    { webditUrl },
  );
  expect(thread).toBe('worker');
  expect(steps).toBe(50);
  const rgb = rgba
    .split(',')
    .map(Number)
    .filter((_, i) => i % 4 !== 3);
  expect(psnr(rgb, goldenPixels(), 255)).toBeGreaterThan(targetDecibels);
  expect(await longFrames(page)).toEqual([]);
});
