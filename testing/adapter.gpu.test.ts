import { expect, test } from 'vitest';
import code from './double.wgsl?raw';
import { testDevice } from './gpu.ts';

const { WEBDIT_ADAPTER: wanted = 'default', WEBDIT_MAX_BINDING: cap } = process.env;
const descriptions: Record<string, RegExp> = { swiftshader: /swiftshader/i, lavapipe: /llvmpipe/i };

test('the device runs on the adapter and under the cap that were asked for', async () => {
  const { adapterInfo, features, maxStorageBufferBindingSize } = await testDevice();
  expect(adapterInfo.description).toMatch(descriptions[wanted] ?? /./);
  if (wanted === 'lavapipe') expect(features.has('shader-f16')).toBe(true);
  if (cap) expect(maxStorageBufferBindingSize).toBe(Number(cap));
  else expect(maxStorageBufferBindingSize).toBeGreaterThanOrEqual(128 * 2 ** 20);
});

test('a shader imported as text runs', async () => {
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
