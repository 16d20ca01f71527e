import { expect, test } from 'playwright/test';
import { psnr } from '../packages/core/src/index.ts';
import type * as Webdit from '../packages/webdit/src/index.ts';
import { openBlank, webditUrl } from './support.ts';

const model = '/models/emoji-dit/';
const steps = 8;

test('previews come in order, near the picture step by step, and change nothing', async ({ page }) => {
  await openBlank(page);
  const result = await page.evaluate(
    async ({ webditUrl, model, steps }) => {
      const { DiffusionPipeline }: typeof Webdit = await import(webditUrl);
      const pipe = await DiffusionPipeline.fromPretrained(model);
      const previews: { n: number; image: number; steps: number; size: number[]; data: number[] }[] = [];
      const draw = async (options: Webdit.GenerateOptions) => {
        const { image, latents, report } = await pipe.generate(
          { label: '🍕' },
          { seed: 7, numInferenceSteps: steps, ...options, outputType: 'imageData' },
        );
        return { bits: new Uint32Array(latents.data.buffer).join(), data: [...image.data], waits: report.waits };
      };
      const plain = await draw({});
      const previewed = await draw({
        onPreview: ({ preview, n, image, steps }) => {
          const isImage = preview instanceof ImageData;
          if (isImage)
            previews.push({ n, image, steps, size: [preview.width, preview.height], data: [...preview.data] });
        },
      });
      const failure = new Error('no canvas');
      const thrown = await draw({
        onPreview: () => {
          throw failure;
        },
      }).catch((error: unknown) => error);
      const few: number[] = [];
      await draw({ numInferenceSteps: 5, previewEvery: 4, onPreview: ({ n }) => few.push(n) });
      const { notes } = pipe.info;
      await pipe.dispose();
      return { plain, previewed, previews, few, own: thrown === failure, notes };
    },
    { webditUrl, model, steps },
  );
  const { plain, previewed, previews } = result;
  expect(previewed.bits).toBe(plain.bits);
  expect(previewed.waits).toEqual(plain.waits);
  expect(result.own).toBe(true);
  expect(result.few).toEqual([3]);
  expect(result.notes).toEqual([]);

  const at = previews.map(({ n }) => n);
  expect(at).toEqual([...new Set(at)].sort((a, b) => a - b));
  // A full step takes long enough here for its preview to be read back before the next one ends.
  expect(at.length).toBeGreaterThan(steps / 2);
  expect(at.at(-1)).toBeLessThan(steps - 1);
  for (const { image, size, steps: of } of previews) expect([image, size, of]).toEqual([0, [16, 16], steps]);
  // Measured: from 12 dB up to 21 dB, which is what a linear map can do.
  const picture = meanOfSquares(plain.data);
  const nearness = previews.map(({ data }) => psnr(data, picture, 255));
  const [first = 0] = nearness;
  expect(nearness.at(-1)).toBeGreaterThan(first + 3);
  expect(nearness.at(-1)).toBeGreaterThan(16);
  expect(Math.max(...nearness.slice(1).map((value, i) => (nearness[i] as number) - value))).toBeLessThan(1);
});

/** A picture of 64 x 64 at a quarter of its size, RGBA. */
function meanOfSquares(data: readonly number[]): number[] {
  const small = new Array<number>(16 * 16 * 4).fill(0);
  data.forEach((value, i) => {
    const [channel, x, y] = [i % 4, (i >> 2) % 64, i >> 8];
    const cell = 4 * ((y >> 2) * 16 + (x >> 2)) + channel;
    small[cell] = (small[cell] as number) + value / 16;
  });
  return small;
}
