import { type DeviceHolder, requestDevice } from 'webdit/node';
import { openNodeGpu } from './adapter.ts';

export interface OpenedDevice {
  readonly holder: DeviceHolder;
  /** The adapter's own name. */
  readonly adapter: string;
}

/**
 * Opens the adapter that `--adapter` names. Destroy the holder before the process ends: Dawn may crash otherwise.
 *
 * @throws WebDiTError `bad-argument` (unknown name), `webgpu-unavailable`, `adapter-unavailable`.
 */
export async function openDevice(name: string | undefined, maxBindingMib?: number): Promise<OpenedDevice> {
  const { gpu, name: adapter } = await openNodeGpu(name ?? 'default');
  const limits = maxBindingMib === undefined ? {} : { maxStorageBufferBindingSize: maxBindingMib * 2 ** 20 };
  return { holder: await requestDevice(gpu, limits), adapter };
}
