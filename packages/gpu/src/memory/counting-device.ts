import { type AdapterInfo, DeviceHolder } from '../device.ts';

/** What a device grants, as far as memory depends on it. */
export interface DeviceGrants {
  /** Bytes of one buffer. */
  readonly maxBufferSize: number;
  /** Bytes of a buffer that kernels bind. */
  readonly maxStorageBufferBindingSize: number;
  readonly features: Pick<ReadonlySet<string>, 'has'>;
  /** A software adapter, which is given less work at once. */
  readonly isFallback: boolean;
}

/** What an opened device grants. */
export function grantsOf({ device, maxStorageBufferBindingSize, features, adapterInfo }: DeviceHolder): DeviceGrants {
  const { maxBufferSize } = device.limits;
  return { maxBufferSize, maxStorageBufferBindingSize, features, isFallback: adapterInfo.isFallback };
}

/**
 * A device that makes nothing and runs nothing: an `Allocator` over it counts what it is asked for.
 * @param info of an adapter, where it is to be asked for the same kernels.
 */
export function countingDevice({ features, isFallback, ...limits }: DeviceGrants, info?: AdapterInfo): DeviceHolder {
  const device = {
    limits,
    features,
    lost: new Promise(() => {}),
    queue: { writeBuffer() {} },
    addEventListener() {},
    pushErrorScope() {},
    popErrorScope: async () => null,
    createBuffer: ({ label, size, usage }: GPUBufferDescriptor) => ({ label, size, usage, destroy() {} }),
    createQuerySet: () => ({ destroy() {} }),
    createBindGroup: () => ({}),
    createBindGroupLayout: () => ({}),
  };
  const unknown = { vendor: '', architecture: '', device: '', description: '', isFallback };
  return new DeviceHolder(device as unknown as GPUDevice, info ?? unknown);
}
