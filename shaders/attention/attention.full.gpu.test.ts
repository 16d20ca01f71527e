import { expect, test } from 'vitest';
import { openNodeGpu } from '../../packages/cli/src/adapter.ts';
import { attentionKernel, attentionSweep, attentionTilings, attentionVariants } from './index.ts';
import { testAttentionVariants } from './variants.testing.ts';

await testAttentionVariants(attentionVariants);

test('every tiling, kept or swept, fits the limits that every adapter has', async () => {
  const { gpu } = await openNodeGpu(process.env.WEBDIT_ADAPTER ?? 'default');
  const adapter = await gpu.requestAdapter();
  // Without required limits a device has WebGPU's defaults: 16 KiB of workgroup memory, 256 invocations.
  const device = await adapter?.requestDevice({
    requiredFeatures: adapter.features.has('subgroups') ? ['subgroups'] : [],
  });
  if (!device) throw new Error('no device');
  expect(device.limits.maxComputeWorkgroupStorageSize).toBe(16384);
  const refused: string[] = [];
  for (const tiling of [...Object.values(attentionTilings), ...attentionSweep]) {
    // What a tiling takes grows with the head: the largest, and one that is no power of two.
    for (const headDim of [72, 128]) {
      const { name, source, features = [] } = attentionKernel({ headDim, tiling, source: 'self' });
      if (!features.every((feature) => device.features.has(feature))) continue;
      const module = device.createShaderModule({ code: source });
      await device
        .createComputePipelineAsync({ layout: 'auto', compute: { module } })
        .catch((error: Error) => refused.push(`${name}: ${error.message}`));
    }
  }
  device.destroy();
  expect(refused).toEqual([]);
});
