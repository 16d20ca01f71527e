import type { BufferScope } from './allocator.ts';
import type { DeviceHolder } from './device.ts';

/** Copies a buffer of f32 values back to the CPU. @throws WebDiTError `device-lost`. */
export async function readFloats(
  holder: DeviceHolder,
  scope: BufferScope,
  source: GPUBuffer,
  elements: number,
): Promise<Float32Array> {
  const bytes = elements * 4;
  const readable = scope.allocator.create(
    `${source.label}.read`,
    bytes,
    GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
  );
  try {
    await scope.allocator.settle();
    const encoder = holder.device.createCommandEncoder();
    encoder.copyBufferToBuffer(source, 0, readable, 0, bytes);
    holder.device.queue.submit([encoder.finish()]);
    await readable.mapAsync(GPUMapMode.READ);
    holder.check();
    return new Float32Array(readable.getMappedRange().slice(0, bytes));
  } catch (error) {
    holder.check();
    throw error;
  } finally {
    scope.allocator.destroy(readable);
  }
}
