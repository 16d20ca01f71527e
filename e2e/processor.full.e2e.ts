import { expect, test } from 'playwright/test';
import type * as Webdit from '../packages/webdit/src/index.ts';
import { openBlank, webditUrl } from './support.ts';

const model = '/models/emoji-dit/';

test.beforeEach(async ({ page }) => openBlank(page));

test('latents from the processor and from the GPU are the same to a thousandth', async ({ page }) => {
  const run = await page.evaluate(
    async ({ webditUrl, model }) => {
      const { DiffusionPipeline }: typeof Webdit = await import(webditUrl);
      const draw = async (device: 'auto' | 'wasm') => {
        const pipe = await DiffusionPipeline.fromPretrained(model, { device });
        const { latents, report } = await pipe.generate(
          { label: 'butterfly' },
          { seed: 3, numInferenceSteps: 4, guidanceChannels: 3, outputType: 'latent' },
        );
        const { thread } = pipe.info;
        await pipe.dispose();
        return { latents: [...latents.data], device: report.device, thread };
      };
      return [await draw('auto'), await draw('wasm')];
    },
    { webditUrl, model },
  );
  const [gpu, cpu] = run as [(typeof run)[number], (typeof run)[number]];
  expect([gpu.device, gpu.thread, cpu.device, cpu.thread]).toEqual(['webgpu', 'worker', 'wasm', 'worker']);
  const norm = (values: readonly number[]) => Math.hypot(...values);
  const error = norm(cpu.latents.map((value, i) => value - (gpu.latents[i] as number))) / norm(gpu.latents);
  expect(error).toBeLessThan(1e-3);
});
