import { afterAll } from 'vitest';
import { openNodeGpu } from '../packages/cli/src/adapter.ts';

export interface TestDevice {
  readonly device: GPUDevice;
  /** The driver's own description, for messages. */
  readonly adapterName: string;
  /** Bytes one storage binding may have: the device's limit, or WEBDIT_MAX_BINDING when that is lower. */
  readonly maxStorageBufferBindingSize: number;
}

let opened: Promise<TestDevice> | undefined;

/** The device of this test file on the adapter that WEBDIT_ADAPTER names; opened once, destroyed after the last test. */
export function testDevice(): Promise<TestDevice> {
  opened ??= open();
  return opened;
}

// Dawn may crash the process at exit when a device is still alive.
afterAll(async () => {
  const { device } = (await opened?.catch(() => undefined)) ?? {};
  device?.destroy();
});

async function open(): Promise<TestDevice> {
  const wanted = process.env.WEBDIT_ADAPTER ?? 'default';
  const { gpu, name } = await openNodeGpu(wanted);
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw new Error(`Adapter "${wanted}" (${name}) opened but gave no second adapter.`);
  const device = await adapter.requestDevice({
    requiredFeatures: [...adapter.features] as GPUFeatureName[],
    requiredLimits: limitsOf(adapter),
  });
  await firstDispatch(device);
  const cap = Number(process.env.WEBDIT_MAX_BINDING ?? Number.POSITIVE_INFINITY);
  const maxStorageBufferBindingSize = Math.min(device.limits.maxStorageBufferBindingSize, cap);
  return { device, adapterName: name, maxStorageBufferBindingSize };
}

function limitsOf(adapter: GPUAdapter): Record<string, number> {
  const limits: Record<string, number> = {};
  for (const name in adapter.limits) {
    const value = adapter.limits[name as keyof GPUSupportedLimits];
    if (typeof value === 'number') limits[name] = value;
  }
  return limits;
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
