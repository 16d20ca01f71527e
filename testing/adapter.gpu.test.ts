import { expect, test } from 'vitest';
import { testDevice } from './gpu.ts';

const vendorNames: Record<string, RegExp> = { swiftshader: /swiftshader/i, lavapipe: /llvmpipe/i };
const wanted = process.env.WEBDIT_ADAPTER ?? 'default';

test('the device runs on the adapter that was asked for', async () => {
  const { device, adapterName } = await testDevice();
  expect(adapterName).toMatch(vendorNames[wanted] ?? /./);
  if (wanted === 'lavapipe') expect(device.features.has('shader-f16')).toBe(true);
});

test('a WGSL file imported with ?raw is its text', async () => {
  const { default: code } = await import('./double.wgsl?raw');
  const { device } = await testDevice();
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const values = device.createBuffer({ size: 16, usage });
  const readback = device.createBuffer({ size: 16, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  device.queue.writeBuffer(values, 0, new Float32Array([1, 2, 3, 4.5]));
  const module = device.createShaderModule({ code });
  const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module } });
  const entries = [{ binding: 0, resource: { buffer: values } }];
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
  pass.dispatchWorkgroups(1);
  pass.end();
  encoder.copyBufferToBuffer(values, 0, readback, 0, 16);
  device.queue.submit([encoder.finish()]);
  await readback.mapAsync(GPUMapMode.READ);
  expect([...new Float32Array(readback.getMappedRange())]).toEqual([2, 4, 6, 9]);
});
