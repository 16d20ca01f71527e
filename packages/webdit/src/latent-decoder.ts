import type { LatentGrid } from '@webdit/core';
import type { VaeBackend } from './types.ts';

/** Makes pictures of latents, wherever it computes. */
export interface LatentDecoder {
  readonly backend: VaeBackend;
  /** Why the backend is not the first choice, one sentence; null when it is. */
  readonly note: string | null;
  /** Threads it decodes on; null on the GPU. */
  readonly threads: number | null;
  /** Bytes it holds on the GPU, as far as they are its own; onnxruntime does not say. */
  readonly gpuBytes: number;
  /** Width and height of a decoded picture, in pixels. */
  imageSizeOf(size: LatentGrid): { width: number; height: number };
  /**
   * @param latents `[channels, height, width]`, not yet divided by the scaling factor.
   * @param size theirs, where it is not the model's own.
   * @returns `[3, imageHeight, imageWidth]`, about [-1, 1].
   * @throws WebDiTError `shape-mismatch`, `format`, `out-of-memory`, `device-lost`; the signal's reason.
   */
  decode(latents: Float32Array, size?: LatentGrid, signal?: AbortSignal): Promise<Float32Array>;
  dispose(): Promise<void>;
}
