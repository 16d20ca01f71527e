import * as ort from 'onnxruntime-web/webgpu';
import type { Contender, Forward } from './peer.ts';

const outputShape = [2, 4, 16, 16];
const outputBytes = 4 * outputShape.reduce((a, b) => a * b, 1);

/**
 * onnxruntime-web on WebGPU, with the inputs resident on the GPU and one read-back of the output. With `capture` the graph
 * is recorded once and replayed, for which the output lives in a buffer of ours.
 */
export async function openOrtWebgpu(model: Uint8Array, forward: Forward, capture: boolean): Promise<Contender> {
  ort.env.logLevel = 'error';
  ort.env.webgpu.powerPreference = 'high-performance';
  const session = await ort.InferenceSession.create(model, {
    executionProviders: ['webgpu'],
    preferredOutputLocation: 'gpu-buffer',
    ...(capture ? { enableGraphCapture: true } : {}),
  });
  const device = (await ort.env.webgpu.device) as GPUDevice;
  const { feeds, buffers } = makeFeeds(device, forward);
  const readable = device.createBuffer({
    size: outputBytes,
    usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
  });
  const target = device.createBuffer({
    size: outputBytes,
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
  });
  const bound = ort.Tensor.fromGpuBuffer(target, { dataType: 'float32', dims: outputShape });

  const read = async (source: GPUBuffer) => {
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(source, 0, readable, 0, outputBytes);
    device.queue.submit([encoder.finish()]);
    await readable.mapAsync(GPUMapMode.READ);
    const values = new Float32Array(readable.getMappedRange().slice(0));
    readable.unmap();
    return values;
  };
  let held = !capture;
  return {
    notes: [
      'inputs resident on the GPU, one read-back',
      ...(capture ? ['the page keeps the bound buffers registered, without which replays fail in this version'] : []),
    ],
    async forward() {
      const running = capture ? session.run(feeds, { eps: bound }) : session.run(feeds);
      if (!held) {
        await holdRegistrations([...buffers, target]);
        held = true;
      }
      const { eps } = await running;
      if (!eps) throw new Error('The model has no output eps.');
      const values = await read(eps.gpuBuffer as GPUBuffer);
      if (!capture) eps.dispose();
      return values;
    },
    async dispose() {
      await session.release();
      for (const buffer of [...buffers, readable, target]) buffer.destroy();
    },
  };
}

/**
 * Version 1.30 binds the buffers of a captured graph in the first run and lets go of them at its end, so that replays fail or copy
 * into the wrong ones. Its count of users, kept on each buffer while a run lasts, is raised by one.
 */
async function holdRegistrations(buffers: readonly GPUBuffer[]): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve));
  for (const buffer of buffers) {
    for (const key of Object.getOwnPropertySymbols(buffer)) {
      const registration: unknown = Reflect.get(buffer, key);
      if (Array.isArray(registration) && typeof registration[1] === 'number') registration[1] += 1;
    }
  }
}

function makeFeeds(device: GPUDevice, { sample, timesteps, labels }: Forward) {
  const buffers: GPUBuffer[] = [];
  const resident = (
    dataType: 'float32' | 'int64',
    data: Float32Array<ArrayBuffer> | BigInt64Array<ArrayBuffer>,
    dims: number[],
  ) => {
    // Mappings must be multiples of 16 for onnxruntime's own copies.
    const size = Math.ceil(data.byteLength / 16) * 16;
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const buffer = device.createBuffer({ size, usage });
    device.queue.writeBuffer(buffer, 0, data);
    buffers.push(buffer);
    return ort.Tensor.fromGpuBuffer(buffer, { dataType, dims });
  };
  const feeds = {
    x: resident('float32', sample, [2, 4, 16, 16]),
    t: resident('float32', Float32Array.from(timesteps), [2]),
    y: resident('int64', BigInt64Array.from(labels, BigInt), [2]),
  };
  return { feeds, buffers };
}
