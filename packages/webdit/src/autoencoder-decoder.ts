import type { LatentGrid } from '@webdit/core';
import type { DeviceGrants, DeviceHolder } from '@webdit/gpu';
import { AutoencoderKLDecoder, countDecoder, type DecoderMemory } from '@webdit/gpu/vae';
import type { LoadWeightsOptions, WeightsVae } from '@webdit/weights';
import type { LatentDecoder } from './latent-decoder.ts';
import type { DType } from './types.ts';

// Imported on demand: a model whose VAE comes as ONNX, such as the bundled one, does without all of this.

/** What the decoder's weights are kept as beside a transformer's: its kernels know halves and no bytes. */
const decoderDType = (dtype: DType) => (dtype === 'f32' ? 'f32' : 'f16');

/** What decoding takes beside a transformer in `dtype`. @throws WebDiTError as `countDecoder` does. */
export function countAutoencoder(vae: WeightsVae, size: LatentGrid, dtype: DType, grants: DeviceGrants): DecoderMemory {
  return countDecoder(vae.config, size, { weightDType: decoderDType(dtype) }, grants);
}

/** An AutoencoderKL from its weights, decoding in WGSL beside the transformer. */
export class AutoencoderDecoder implements LatentDecoder {
  readonly backend = 'webgpu';
  readonly note = null;
  readonly threads = null;

  private constructor(
    private readonly decoder: AutoencoderKLDecoder,
    private readonly vae: WeightsVae,
    private readonly ownSize: LatentGrid,
  ) {}

  /**
   * Streams the weights onto the GPU, and compiles meanwhile.
   * @param ownSize of the model's latents.
   * @throws WebDiTError `unsupported-config`, `out-of-memory`; what `loadWeights` throws; the signal's reason. Nothing stays allocated then.
   */
  static async create(
    holder: DeviceHolder,
    vae: WeightsVae,
    { dtype, ownSize, ...loading }: LoadWeightsOptions & { readonly dtype: DType; readonly ownSize: LatentGrid },
  ): Promise<AutoencoderDecoder> {
    const decoder = await AutoencoderKLDecoder.create(holder, vae.config, { weightDType: decoderDType(dtype) });
    try {
      const compiled = decoder.prepare(ownSize, loading.signal);
      // When the weights fail, nobody waits for it.
      compiled.catch(() => {});
      await vae.loadWeights(decoder.sink, loading);
      await compiled;
      decoder.finishLoading();
    } catch (error) {
      decoder.dispose();
      throw error;
    }
    return new AutoencoderDecoder(decoder, vae, ownSize);
  }

  get gpuBytes(): number {
    return this.decoder.bytes.current;
  }

  imageSizeOf({ width, height }: LatentGrid): { width: number; height: number } {
    const { spatialScale } = this.vae;
    return { width: width * spatialScale, height: height * spatialScale };
  }

  async decode(latents: Float32Array, size = this.ownSize, signal?: AbortSignal): Promise<Float32Array> {
    const { scalingFactor, config } = this.vae;
    const unscaled = latents.map((value) => value / scalingFactor + config.shiftFactor);
    return this.decoder.decode(unscaled, size, { signal });
  }

  async dispose(): Promise<void> {
    this.decoder.dispose();
  }
}
