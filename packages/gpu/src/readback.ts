import type { BufferScope } from './allocator.ts';
import type { DeviceHolder } from './device.ts';
import { bufferUsage, mapMode } from './flags.ts';

/** The buffer that `elements` values of `source` cross to the CPU in. */
export function createReadable(owner: Pick<BufferScope, 'create'>, source: GPUBuffer, elements: number): GPUBuffer {
  return owner.create(`${source.label}.read`, elements * 4, bufferUsage.MAP_READ | bufferUsage.COPY_DST);
}

/** Copies f32 values of a buffer, from element `first` on, back to the CPU. @throws WebDiTError `device-lost`. */
export async function readFloats(
  holder: DeviceHolder,
  scope: BufferScope,
  source: GPUBuffer,
  elements: number,
  first = 0,
): Promise<Float32Array> {
  const bytes = elements * 4;
  const readable = createReadable(scope.allocator, source, elements);
  try {
    await scope.allocator.settle();
    const encoder = holder.device.createCommandEncoder();
    encoder.copyBufferToBuffer(source, first * 4, readable, 0, bytes);
    holder.device.queue.submit([encoder.finish()]);
    await readable.mapAsync(mapMode.READ);
    holder.check();
    return new Float32Array(readable.getMappedRange().slice(0, bytes));
  } catch (error) {
    holder.check();
    throw error;
  } finally {
    scope.allocator.destroy(readable);
  }
}
