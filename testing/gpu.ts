import { afterAll } from 'vitest';
import { openNodeGpu } from '../packages/cli/src/adapter.ts';
import { type DeviceHolder, requestDevice } from '../packages/gpu/src/device.ts';

let opened: Promise<DeviceHolder> | undefined;

/**
 * The device of this test file, on the adapter that WEBDIT_ADAPTER names and with storage bindings of WEBDIT_MAX_BINDING
 * bytes at most. Opened once, destroyed after the last test.
 */
export function testDevice(): Promise<DeviceHolder> {
  opened ??= open();
  return opened;
}

// Dawn may crash the process at exit when a device is still alive.
afterAll(async () => {
  const holder = await opened?.catch(() => undefined);
  holder?.destroy();
});

async function open(): Promise<DeviceHolder> {
  const { WEBDIT_ADAPTER: adapter = 'default', WEBDIT_MAX_BINDING: cap } = process.env;
  const { gpu } = await openNodeGpu(adapter);
  const holder = await requestDevice(gpu, cap ? { maxStorageBufferBindingSize: Number(cap) } : {});
  await firstDispatch(holder.device);
  return holder;
}

/** Dawn's Node binding has died when a test computed for long before its first dispatch, so the first one happens here. */
async function firstDispatch(device: GPUDevice): Promise<void> {
  const module = device.createShaderModule({ code: '@compute @workgroup_size(1) fn main() {}' });
  const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module } });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.dispatchWorkgroups(1);
  pass.end();
  device.queue.submit([encoder.finish()]);
  await device.queue.onSubmittedWorkDone();
}
