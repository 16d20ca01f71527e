import type { Kernel, KernelConstants, StepValues, Workgroups } from '@webdit/shaders';
import { idleStep, stepByteLength, writeStep } from '@webdit/shaders';
import { Allocator, BufferScope } from '../allocator.ts';
import type { DeviceHolder } from '../device.ts';
import { bufferUsage } from '../flags.ts';
import { PipelineCache, uniformSlotBytes } from '../pipelines.ts';
import { type Dispatch, ProgramBuilder, submitProgram } from '../program.ts';
import { readFloats } from '../readback.ts';

/** Contents of a binding, a buffer at hand, or the number of 4-byte elements of a zeroed one. */
export type Binding = Float32Array | Uint32Array | GPUBuffer | number;

/** One kernel on buffers of its own. */
export interface KernelCall {
  readonly kernel: Kernel;
  readonly constants?: KernelConstants;
  readonly params: Uint32Array;
  readonly workgroups: Workgroups;
  /** In the kernel's binding order from 1. */
  readonly storage: readonly Binding[];
  /** Work in FLOPs. */
  readonly flops: number;
}

/** Buffers and dispatches of one measurement or check, freed together. Call `ready` before the dispatches are encoded. */
export class BenchScope {
  readonly scope: BufferScope;
  readonly pipelines: PipelineCache;
  readonly builder: ProgramBuilder;

  constructor(readonly holder: DeviceHolder) {
    this.scope = new BufferScope(new Allocator(holder));
    this.pipelines = PipelineCache.of(holder);
    this.builder = new ProgramBuilder('bench', this.pipelines, this.scope);
  }

  buffer(binding: Binding, label = 'bench'): GPUBuffer {
    if (typeof binding === 'number') return this.scope.storage(label, binding);
    if (!ArrayBuffer.isView(binding)) return binding;
    const buffer = this.scope.storage(label, binding.length);
    this.holder.device.queue.writeBuffer(buffer, 0, binding as Float32Array<ArrayBuffer>);
    return buffer;
  }

  dispatch({ kernel, constants, params, workgroups, storage, flops }: KernelCall): Dispatch {
    return this.builder.add({
      kernel,
      ...(constants ? { constants } : {}),
      params,
      storage: storage.map((binding, i) => this.buffer(binding, `${kernel.name} ${i + 1}`)),
      workgroups,
      cost: flops,
    });
  }

  /** The step uniform of kernels that use it. */
  stepGroup(values: Partial<StepValues> = {}): GPUBindGroup {
    const { device } = this.holder;
    const slot = new DataView(new ArrayBuffer(uniformSlotBytes));
    writeStep(slot, 0, { ...idleStep, ...values });
    const buffer = this.scope.create('steps', uniformSlotBytes, bufferUsage.UNIFORM | bufferUsage.COPY_DST);
    device.queue.writeBuffer(buffer, 0, slot.buffer);
    return device.createBindGroup({
      layout: this.pipelines.stepLayout,
      entries: [{ binding: 0, resource: { buffer, size: stepByteLength } }],
    });
  }

  /** Waits for the buffers and compiles what was dispatched. @throws WebDiTError `out-of-memory`, `unsupported-config`. */
  async ready(signal?: AbortSignal): Promise<void> {
    await this.scope.allocator.settle();
    await this.pipelines.compile(undefined, signal);
  }

  /** Runs dispatches once. */
  async run(program: readonly Dispatch[], stepGroup?: GPUBindGroup): Promise<void> {
    const { device } = this.holder;
    submitProgram(device, program, stepGroup);
    await device.queue.onSubmittedWorkDone();
    this.holder.check();
  }

  /** Sets every f32 of a buffer. */
  fill(buffer: GPUBuffer, value: number): void {
    this.holder.device.queue.writeBuffer(buffer, 0, new Float32Array(buffer.size / 4).fill(value));
  }

  read(buffer: GPUBuffer, elements = buffer.size / 4): Promise<Float32Array> {
    return readFloats(this.holder, this.scope, buffer, elements);
  }

  destroy(): void {
    this.scope.allocator.destroyAll();
  }
}
