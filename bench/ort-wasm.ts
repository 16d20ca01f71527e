import type { WasmReply, WasmRequest } from './ort-wasm-worker.ts';
import type { Contender, Forward } from './peer.ts';

/** onnxruntime-web on wasm in a worker of its own: its number of threads is fixed when the runtime starts. */
export async function openOrtWasm(model: Uint8Array, forward: Forward, threads: number): Promise<Contender> {
  if (threads > 1 && !crossOriginIsolated) throw new Error('Threads need a cross-origin isolated page.');
  const worker = new Worker(new URL('./ort-wasm-worker.ts', import.meta.url), { type: 'module' });
  const ask = (request: WasmRequest) =>
    new Promise<Float32Array>((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<WasmReply>) => {
        if ('error' in data) reject(new Error(data.error));
        else resolve(data.output);
      };
      worker.onerror = (event) => reject(new Error(event.message));
      worker.postMessage(request);
    });
  try {
    await ask({ kind: 'load', model, threads });
  } catch (error) {
    worker.terminate();
    throw error;
  }
  return {
    notes: ['in a worker'],
    forward: () => ask({ kind: 'forward', forward }),
    dispose: () => worker.terminate(),
  };
}
