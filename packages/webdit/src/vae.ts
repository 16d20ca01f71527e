import type { LatentGrid } from '@webdit/core';
import type { LatentDecoder } from './latent-decoder.ts';
import type { VaeBackend } from './types.ts';
import { type VaeOptions, VaeSession } from './vae-session.ts';

export interface VaeModel {
  /** `decoder.onnx`, whole. */
  readonly decoder: Uint8Array;
  /** What latents are divided by before decoding. */
  readonly scalingFactor: number;
  /** Latents of one picture, `[channels, height, width]`. */
  readonly latentShape: readonly [number, number, number];
  /** Pixels per latent pixel, along each side. */
  readonly spatialScale: number;
}

/** Decodes latents to pixels with onnxruntime-web, on our GPUDevice or in wasm. */
export class VaeDecoder implements LatentDecoder {
  /** What it takes there is onnxruntime's. */
  readonly gpuBytes = 0;

  private constructor(
    private readonly session: VaeSession,
    private readonly model: Omit<VaeModel, 'decoder'>,
  ) {}

  /** @throws as `VaeSession.create`. */
  static async create({ decoder, ...model }: VaeModel, options: VaeOptions): Promise<VaeDecoder> {
    const half = { name: 'decoder', instead: "ask for outputType: 'latent'" } as const;
    return new VaeDecoder(await VaeSession.create(decoder, half, options), model);
  }

  get backend(): VaeBackend {
    return this.session.backend;
  }

  get note(): string | null {
    return this.session.note;
  }

  get threads(): number | null {
    return this.session.threads;
  }

  imageSizeOf({ width, height }: LatentGrid): { width: number; height: number } {
    return { width: width * this.model.spatialScale, height: height * this.model.spatialScale };
  }

  private get ownSize(): LatentGrid {
    const [, height, width] = this.model.latentShape;
    return { height, width };
  }

  /** @throws WebDiTError `shape-mismatch` when the decoder's output has another shape, `format` when it cannot be run. */
  async decode(latents: Float32Array, size = this.ownSize): Promise<Float32Array> {
    const { latentShape, scalingFactor } = this.model;
    const { width, height } = this.imageSizeOf(size);
    const scaled = latents.map((value) => value / scalingFactor);
    return this.session.run(
      scaled as Float32Array<ArrayBuffer>,
      [1, latentShape[0], size.height, size.width],
      [[1, 3, height, width]],
    );
  }

  async dispose(): Promise<void> {
    await this.session.release();
  }
}
