import { type AdapterInfo, adapterOptions, describeAdapter } from '../device.ts';
import type { DeviceGrants } from './counting-device.ts';

/** What WebGPU grants on every adapter, and features that all but few have. */
const guaranteed: DeviceGrants = {
  maxBufferSize: 256 * 2 ** 20,
  maxStorageBufferBindingSize: 128 * 2 ** 20,
  features: new Set(['timestamp-query', 'subgroups']),
  isFallback: false,
};

/** What a device of the fastest adapter would be granted; without an adapter, what any would, and `info` null. */
export async function adapterGrants(
  gpu: GPU | undefined,
): Promise<DeviceGrants & { readonly info: AdapterInfo | null }> {
  const adapter = await gpu?.requestAdapter(adapterOptions).catch(() => null);
  if (!adapter) return { ...guaranteed, info: null };
  const { features, limits } = adapter;
  const { maxBufferSize, maxStorageBufferBindingSize } = limits;
  const info = describeAdapter(adapter.info);
  return { maxBufferSize, maxStorageBufferBindingSize, features, isFallback: info.isFallback, info };
}
