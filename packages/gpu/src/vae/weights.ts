import { type AutoencoderKLConfig, autoencoderDecoderShapes } from '@webdit/core';
import type { BufferScope } from '../allocator.ts';
import type { PipelineCache } from '../pipelines.ts';
import { GpuWeights } from '../weights.ts';

/** What the kernels of convolutions and linears are kept as; the math is f32. */
export type VaeDType = 'f32' | 'f16';

/** How those kernels lie in memory. */
export type VaeWeightStorage = 'f32' | 'packed-f16';

/** GPU home of an AutoencoderKL decoder's weights, by diffusers' names. */
export class VaeWeights extends GpuWeights {
  readonly storage: VaeWeightStorage;

  constructor(config: AutoencoderKLConfig, dtype: VaeDType, scope: BufferScope, pipelines: PipelineCache) {
    const storage: VaeWeightStorage = dtype === 'f16' ? 'packed-f16' : 'f32';
    const places = autoencoderDecoderShapes(config).map(({ name, shape }) => ({
      name,
      shape,
      storage: shape.length > 1 ? storage : undefined,
      mayBeSplit: false,
    }));
    super(places, scope, pipelines);
    this.storage = storage;
  }
}
