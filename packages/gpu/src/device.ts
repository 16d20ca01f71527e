import { WebDiTError } from '@webdit/core';

export interface AdapterInfo {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  /** A software adapter: it runs on the CPU. */
  readonly isFallback: boolean;
}

export interface DeviceOptions {
  /** Bind no more than this many bytes at once, though the adapter would allow more. Tests use it. */
  readonly maxStorageBufferBindingSize?: number;
}

let generations = 0;

const noGpu = () =>
  new WebDiTError(
    'webgpu-unavailable',
    'This browser does not offer WebGPU.',
    'Use a current Chrome, Edge, Firefox or Safari, and open the page over https or from localhost.',
  );

const noAdapter = (cause?: unknown) =>
  new WebDiTError(
    'adapter-unavailable',
    'WebGPU found no usable graphics adapter.',
    'Update the graphics driver, turn on hardware acceleration in the browser settings, and restart the browser.',
    { cause },
  );

/**
 * A GPU device and what was learnt about it. Everything that owns GPU objects holds a `DeviceHolder`; its generation
 * number tells stale callbacks of an earlier device from current ones.
 */
export class DeviceHolder {
  readonly generation = ++generations;
  readonly maxStorageBufferBindingSize: number;
  /** Resolves with the reason once the device is lost for any cause but `destroy()`. */
  readonly lost: Promise<WebDiTError>;
  #destroyed = false;
  #failure: WebDiTError | undefined;

  constructor(
    readonly device: GPUDevice,
    readonly adapterInfo: AdapterInfo,
    options: DeviceOptions = {},
  ) {
    this.maxStorageBufferBindingSize = Math.min(
      device.limits.maxStorageBufferBindingSize,
      options.maxStorageBufferBindingSize ?? Number.POSITIVE_INFINITY,
    );
    this.lost = new Promise((resolve) => {
      void device.lost.then((info) => {
        if (this.#destroyed) return;
        this.#failure = new WebDiTError(
          'device-lost',
          `The graphics device was lost${info.message ? ` (${info.message})` : ''}.`,
          'Close other tabs that use the GPU and load the model again.',
        );
        resolve(this.#failure);
      });
    });
    device.addEventListener('uncapturederror', (event) => {
      const { error } = event as GPUUncapturedErrorEvent;
      this.#failure ??=
        error instanceof GPUOutOfMemoryError
          ? outOfMemory('The graphics device ran out of memory.', error)
          : new WebDiTError(
              'numeric',
              `The graphics device refused a command: ${error.message}`,
              'Report this with the adapter name shown in the report.',
              { cause: error },
            );
    });
  }

  get limits(): GPUSupportedLimits {
    return this.device.limits;
  }

  get features(): GPUSupportedFeatures {
    return this.device.features;
  }

  /** @throws WebDiTError `device-lost`, `out-of-memory` or `numeric` when the device has failed since it was made. */
  check(): void {
    if (this.#failure) throw this.#failure;
  }

  destroy(): void {
    this.#destroyed = true;
    this.device.destroy();
  }
}

export function outOfMemory(message: string, cause?: unknown): WebDiTError {
  return new WebDiTError(
    'out-of-memory',
    message,
    'Use a smaller model or dtype f16, or close other tabs that use the GPU.',
    { cause },
  );
}

function describeAdapter(info: GPUAdapterInfo | undefined): AdapterInfo {
  const text = (value: string | undefined) => value ?? '';
  const described = {
    vendor: text(info?.vendor),
    architecture: text(info?.architecture),
    device: text(info?.device),
    description: text(info?.description),
  };
  const software = /swiftshader|llvmpipe|software|basic render/i.test(Object.values(described).join(' '));
  return { ...described, isFallback: software || info?.isFallbackAdapter === true };
}

/** Every limit of the adapter, so that no default stands in the way of a large model. */
function adapterLimits(adapter: GPUAdapter): Record<string, number> {
  const limits: Record<string, number> = {};
  for (const key in adapter.limits) {
    const value = adapter.limits[key as keyof GPUSupportedLimits];
    if (typeof value === 'number') limits[key] = value;
  }
  return limits;
}

const wantedFeatures: readonly GPUFeatureName[] = ['timestamp-query', 'shader-f16', 'subgroups'];

/**
 * Opens the fastest adapter with all its limits.
 * @throws WebDiTError `webgpu-unavailable` without a `gpu`, `adapter-unavailable` when no adapter or device can be had.
 */
export async function requestDevice(gpu: GPU | undefined, options: DeviceOptions = {}): Promise<DeviceHolder> {
  if (!gpu) throw noGpu();
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' }).catch((cause: unknown) => {
    throw noAdapter(cause);
  });
  if (!adapter) throw noAdapter();
  const device = await adapter
    .requestDevice({
      label: 'webdit',
      requiredLimits: adapterLimits(adapter),
      requiredFeatures: wantedFeatures.filter((name) => adapter.features.has(name)),
    })
    .catch((cause: unknown) => {
      throw noAdapter(cause);
    });
  return new DeviceHolder(device, describeAdapter(adapter.info), options);
}

/** Wraps a device the caller owns. */
export function adoptDevice(device: GPUDevice, options: DeviceOptions = {}): DeviceHolder {
  return new DeviceHolder(device, describeAdapter(device.adapterInfo), options);
}
