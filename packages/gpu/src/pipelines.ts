import { WebDiTError } from '@webdit/core';
import type { Kernel, KernelConstants } from '@webdit/shaders';
import type { DeviceHolder } from './device.ts';
import { shaderStage } from './flags.ts';

/** A kernel with its constants, compiled or about to be. */
export interface PipelineHandle {
  readonly kernel: Kernel;
  readonly layout: GPUBindGroupLayout;
  readonly constants: KernelConstants;
  /** Set once `compile` has run. */
  pipeline: GPUComputePipeline | undefined;
  /** Set while it runs: models that load at once share it. */
  compiling: Promise<GPUComputePipeline> | undefined;
  /** Only attempted so far: nothing depends on it. */
  optional: boolean;
}

/** Bytes from one uniform slot to the next: the largest `minUniformBufferOffsetAlignment` WebGPU allows. */
export const uniformSlotBytes = 256;

const caches = new WeakMap<GPUDevice, PipelineCache>();

/**
 * Compiles each (kernel, constants) pair once, asynchronously. Layouts are explicit, so bind groups can be made before
 * the compiler is done: group 0 is `params` and the kernel's storage buffers, group 1 the step uniform (dynamic offset).
 */
export class PipelineCache {
  readonly stepLayout: GPUBindGroupLayout;
  readonly #handles = new Map<string, PipelineHandle>();
  readonly #layouts = new Map<string, GPUBindGroupLayout>();

  /** The cache of a device: models on one device, and a model loaded again, compile nothing twice. */
  static of(holder: DeviceHolder): PipelineCache {
    const known = caches.get(holder.device);
    if (known) return known;
    const made = new PipelineCache(holder.device);
    caches.set(holder.device, made);
    return made;
  }

  private constructor(readonly device: GPUDevice) {
    this.stepLayout = device.createBindGroupLayout({
      label: 'step',
      entries: [{ binding: 0, visibility: shaderStage.COMPUTE, buffer: { type: 'uniform', hasDynamicOffset: true } }],
    });
  }

  request(kernel: Kernel, constants: KernelConstants = {}): PipelineHandle {
    const handle = this.#find(kernel, constants);
    handle.optional = false;
    return handle;
  }

  /** Compiles one kernel that nothing depends on. False when the adapter's compiler refuses it. */
  async attempt(kernel: Kernel, constants: KernelConstants = {}): Promise<boolean> {
    const handle = this.#find(kernel, constants);
    try {
      handle.compiling ??= this.#compileOne(handle);
      handle.pipeline = await handle.compiling;
      return true;
    } catch {
      if (handle.optional) this.#handles.delete(keyOf(kernel, constants));
      return false;
    }
  }

  /**
   * Compiles what has been requested and is not compiled yet.
   * @throws WebDiTError `unsupported-config` when the adapter's compiler refuses a kernel; the signal's reason on abort.
   */
  async compile(onPipeline?: (done: number, total: number) => void, signal?: AbortSignal): Promise<void> {
    const waiting = [...this.#handles.values()].filter(({ pipeline, optional }) => !pipeline && !optional);
    let done = 0;
    onPipeline?.(done, waiting.length);
    await Promise.all(
      waiting.map(async (handle) => {
        handle.compiling ??= this.#compileOne(handle);
        handle.pipeline = await handle.compiling;
        signal?.throwIfAborted();
        onPipeline?.(++done, waiting.length);
      }),
    );
  }

  #find(kernel: Kernel, constants: KernelConstants): PipelineHandle {
    const key = keyOf(kernel, constants);
    let handle = this.#handles.get(key);
    if (!handle) {
      const layout = this.#layout(kernel);
      handle = { kernel, constants, layout, pipeline: undefined, compiling: undefined, optional: true };
      this.#handles.set(key, handle);
    }
    return handle;
  }

  async #compileOne({ kernel, constants, layout }: PipelineHandle): Promise<GPUComputePipeline> {
    const { device } = this;
    const bindGroupLayouts = kernel.usesStep ? [layout, this.stepLayout] : [layout];
    // What is wrong with the text comes up again below, where it is this kernel's error and not the device's.
    device.pushErrorScope('validation');
    const module = device.createShaderModule({ label: kernel.name, code: kernel.source });
    void device.popErrorScope().catch(() => {});
    try {
      return await device.createComputePipelineAsync({
        label: kernel.name,
        layout: device.createPipelineLayout({ label: kernel.name, bindGroupLayouts }),
        compute: {
          module,
          entryPoint: 'main',
          constants,
        },
      });
    } catch (cause) {
      throw new WebDiTError(
        'unsupported-config',
        `This adapter could not compile the kernel ${kernel.name}: ${(cause as Error).message}`,
        'Update the browser and the graphics driver, and report the adapter name if it persists.',
        { cause },
      );
    }
  }

  #layout(kernel: Kernel): GPUBindGroupLayout {
    const key = kernel.storage.join();
    let layout = this.#layouts.get(key);
    if (!layout) {
      layout = this.device.createBindGroupLayout({
        label: key,
        entries: [
          { binding: 0, visibility: shaderStage.COMPUTE, buffer: { type: 'uniform' } },
          ...kernel.storage.map((access, i) => ({
            binding: i + 1,
            visibility: shaderStage.COMPUTE,
            buffer: { type: access === 'read' ? ('read-only-storage' as const) : ('storage' as const) },
          })),
        ],
      });
      this.#layouts.set(key, layout);
    }
    return layout;
  }
}

function keyOf(kernel: Kernel, constants: KernelConstants): string {
  return `${kernel.name} ${JSON.stringify(constants)}`;
}
