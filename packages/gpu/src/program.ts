import type { Kernel, KernelConstants, Workgroups } from '@webdit/shaders';
import type { BufferScope } from './allocator.ts';
import { bufferUsage } from './flags.ts';
import { type PipelineCache, type PipelineHandle, uniformSlotBytes } from './pipelines.ts';

/** One prepared GPU command: nothing is looked up or allocated when it is encoded. */
export interface Dispatch {
  readonly handle: PipelineHandle;
  readonly group: GPUBindGroup;
  readonly workgroups: Workgroups;
  /** Estimated work in FLOPs, for cutting slices. */
  readonly cost: number;
}

export interface DispatchSpec {
  readonly kernel: Kernel;
  readonly constants?: KernelConstants;
  readonly params: Uint32Array;
  /** In the kernel's binding order from 1. */
  readonly storage: readonly GPUBuffer[];
  readonly workgroups: Workgroups;
  readonly cost: number;
}

/** Work no dispatch gets below: launching one is not free. */
const minimumCost = 5e4;

/** Slots of one uniform buffer: 16 KiB. */
const slotsPerPage = 64;

/** Prepares dispatches of one lifetime; their params share uniform buffers of 256-byte slots. */
export class ProgramBuilder {
  #page: GPUBuffer | undefined;
  #slots = 0;

  constructor(
    readonly label: string,
    readonly pipelines: PipelineCache,
    readonly scope: BufferScope,
  ) {}

  add({ kernel, constants, params, storage, workgroups, cost }: DispatchSpec): Dispatch {
    const handle = this.pipelines.request(kernel, constants);
    const { device } = this.pipelines;
    const slot = this.#slots++ % slotsPerPage;
    const page = slot === 0 || !this.#page ? this.#newPage() : this.#page;
    const paramsOffset = slot * uniformSlotBytes;
    device.queue.writeBuffer(page, paramsOffset, params as Uint32Array<ArrayBuffer>);
    const group = device.createBindGroup({
      label: kernel.name,
      layout: handle.layout,
      entries: [
        { binding: 0, resource: { buffer: page, offset: paramsOffset, size: uniformSlotBytes } },
        ...storage.map((buffer, i) => ({ binding: i + 1, resource: { buffer } })),
      ],
    });
    return { handle, group, workgroups, cost: Math.max(cost, minimumCost) };
  }

  #newPage(): GPUBuffer {
    const usage = bufferUsage.UNIFORM | bufferUsage.COPY_DST;
    this.#page = this.scope.create(`${this.label}.params`, slotsPerPage * uniformSlotBytes, usage);
    return this.#page;
  }
}

/** Binds the step uniform for the kernels that read it; it stays bound until the pass ends. */
export function bindStep(pass: GPUComputePassEncoder, stepGroup: GPUBindGroup, stepOffset: number): void {
  pass.setBindGroup(1, stepGroup, [stepOffset]);
}

/** Encodes one dispatch into an open pass, with as few calls as can be: their CPU time adds up. */
export function encodeDispatch(pass: GPUComputePassEncoder, { handle, group, workgroups }: Dispatch): void {
  if (!handle.pipeline) throw new Error(`Kernel ${handle.kernel.name} was not compiled`);
  pass.setPipeline(handle.pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(workgroups[0], workgroups[1], workgroups[2]);
}

/** Runs dispatches once, in a submit of their own. */
export function submitProgram(device: GPUDevice, program: readonly Dispatch[], stepGroup?: GPUBindGroup): void {
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  if (stepGroup) bindStep(pass, stepGroup, 0);
  for (const dispatch of program) encodeDispatch(pass, dispatch);
  pass.end();
  device.queue.submit([encoder.finish()]);
}
