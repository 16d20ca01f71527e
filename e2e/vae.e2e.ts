import { expect, test } from 'playwright/test';
import type * as Core from '../packages/core/src/index.ts';
import type * as Gpu from '../packages/gpu/src/index.ts';
import type * as Vae from '../packages/webdit/src/vae.ts';
import { openBlank, sourceUrl } from './support.ts';

test('the VAE decodes on our own device as it does in wasm', async ({ page }) => {
  await openBlank(page);
  const result = await page.evaluate(
    async ({ coreUrl, gpuUrl, vaeUrl }) => {
      const { torchRandn }: typeof Core = await import(coreUrl);
      const { requestDevice }: typeof Gpu = await import(gpuUrl);
      const { VaeDecoder }: typeof Vae = await import(vaeUrl);
      const holder = await requestDevice(navigator.gpu);
      const decoder = new Uint8Array(await (await fetch('/models/emoji-dit/vae/decoder.onnx')).arrayBuffer());
      const latents = torchRandn(3, 4 * 16 * 16);
      const decode = async (backend: 'webgpu' | 'wasm') => {
        const model = { decoder, scalingFactor: 0.9859, latentShape: [4, 16, 16] as const, spatialScale: 4 };
        const options = { backend, gpu: { device: holder.device, isFallback: true }, wasmPaths: null };
        const vae = await VaeDecoder.create(model, options);
        const planes = await vae.decode(latents);
        await vae.dispose();
        return { planes, backend: vae.backend };
      };
      const buffersOnOurs: string[] = [];
      const { createBuffer } = holder.device;
      holder.device.createBuffer = (descriptor) => {
        buffersOnOurs.push(descriptor.label ?? '');
        return createBuffer.call(holder.device, descriptor);
      };
      const gpu = await decode('webgpu');
      const created = buffersOnOurs.length;
      const wasm = await decode('wasm');
      let worst = 0;
      let largest = 0;
      wasm.planes.forEach((value, i) => {
        worst = Math.max(worst, Math.abs(value - (gpu.planes[i] as number)));
        largest = Math.max(largest, Math.abs(value));
      });
      holder.check();
      holder.destroy();
      return { worst, largest, length: gpu.planes.length, backends: [gpu.backend, wasm.backend], created };
    },
    {
      coreUrl: sourceUrl('packages/core/src/index.ts'),
      gpuUrl: sourceUrl('packages/gpu/src/index.ts'),
      vaeUrl: sourceUrl('packages/webdit/src/vae.ts'),
    },
  );
  expect(result.backends).toEqual(['webgpu', 'wasm']);
  expect(result.length).toBe(3 * 64 * 64);
  // Not a picture of zeros, and drawn with buffers of our device.
  expect(result.largest).toBeGreaterThan(0.5);
  expect(result.created).toBeGreaterThan(10);
  expect(result.worst).toBeLessThan(1e-4);
});
