import * as ort from 'onnxruntime-web/wasm';
import type { Forward } from './peer.ts';

export type WasmRequest =
  | { readonly kind: 'load'; readonly model: Uint8Array; readonly threads: number }
  | { readonly kind: 'forward'; readonly forward: Forward };
export type WasmReply = { readonly output: Float32Array } | { readonly error: string };

let session: ort.InferenceSession | undefined;

/** Empty for a load, the predicted noise for a forward. */
async function answer(request: WasmRequest): Promise<Float32Array> {
  if (request.kind === 'load') {
    ort.env.logLevel = 'error';
    ort.env.wasm.numThreads = request.threads;
    session = await ort.InferenceSession.create(request.model, { executionProviders: ['wasm'] });
    if (ort.env.wasm.numThreads !== request.threads) {
      throw new Error(`onnxruntime-web took ${ort.env.wasm.numThreads} threads, not ${request.threads}.`);
    }
    return new Float32Array();
  }
  const { sample, timesteps, labels } = request.forward;
  const { eps } = (await session?.run({
    x: new ort.Tensor('float32', sample, [2, 4, 16, 16]),
    t: new ort.Tensor('float32', Float32Array.from(timesteps), [2]),
    y: new ort.Tensor('int64', BigInt64Array.from(labels, BigInt), [2]),
  })) ?? { eps: undefined };
  if (!eps) throw new Error('The model has no output eps.');
  return eps.data as Float32Array;
}

self.onmessage = async ({ data }: MessageEvent<WasmRequest>) => {
  const reply: WasmReply = await answer(data).then(
    (output) => ({ output }),
    (error: unknown) => ({ error: error instanceof Error ? error.message : String(error) }),
  );
  self.postMessage(reply);
};
