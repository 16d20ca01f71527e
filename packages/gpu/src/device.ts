import { WebDiTError } from '@webdit/core';

/** What the browser says about a graphics adapter; empty where it says nothing. */
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
 * number tells one device from another in what outlives them, such as reports and logs.
 */
export class DeviceHolder {
  readonly generation = ++generations;
  readonly maxStorageBufferBindingSize: number;
  #destroyed = false;
  #lost: WebDiTError | undefined;
  #refused: WebDiTError | undefined;

  readonly #onError = (event: Event): void => {
    const { error } = event as GPUUncapturedErrorEvent;
    this.#refused ??=
      error instanceof GPUOutOfMemoryError
        ? outOfMemory('The graphics device ran out of memory.', error)
        : new WebDiTError(
            'unsupported-config',
            `The graphics device refused a command: ${error.message}`,
            'Report this with the adapter name shown in the report.',
            { cause: error },
          );
  };

  constructor(
    readonly device: GPUDevice,
    readonly adapterInfo: AdapterInfo,
    options: DeviceOptions = {},
  ) {
    this.maxStorageBufferBindingSize = Math.min(
      device.limits.maxStorageBufferBindingSize,
      options.maxStorageBufferBindingSize ?? Number.POSITIVE_INFINITY,
    );
    void device.lost.then((info) => {
      if (this.#destroyed) return;
      this.#lost = new WebDiTError(
        'device-lost',
        `The graphics device was lost${info.message ? ` (${info.message})` : ''}.`,
        'Close other tabs that use the GPU and load the model again.',
      );
    });
    device.addEventListener('uncapturederror', this.#onError);
  }

  get features(): GPUSupportedFeatures {
    return this.device.features;
  }

  /** Forgets refused commands of earlier work: on a device of the caller's they may not have been ours. */
  clearErrors(): void {
    this.#refused = undefined;
  }

  /** @throws WebDiTError `device-lost`, or `out-of-memory` or `unsupported-config` for a command refused since `clearErrors`. */
  check(): void {
    const failure = this.#lost ?? this.#refused;
    if (failure) throw failure;
  }

  /** Stops listening to the device and leaves it alone: it is the caller's. */
  release(): void {
    this.#destroyed = true;
    this.device.removeEventListener('uncapturederror', this.#onError);
  }

  destroy(): void {
    this.release();
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

export function describeAdapter(info: GPUAdapterInfo | undefined): AdapterInfo {
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

/** The adapter that models run on. */
export const adapterOptions: GPURequestAdapterOptions = { powerPreference: 'high-performance' };

const wantedFeatures: readonly GPUFeatureName[] = ['timestamp-query', 'shader-f16', 'subgroups'];

/**
 * Opens the fastest adapter with all its limits.
 * @throws WebDiTError `webgpu-unavailable` without a `gpu`, `adapter-unavailable` when no adapter or device can be had.
 */
export async function requestDevice(gpu: GPU | undefined, options: DeviceOptions = {}): Promise<DeviceHolder> {
  if (!gpu) throw noGpu();
  const adapter = await gpu.requestAdapter(adapterOptions).catch((cause: unknown) => {
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
