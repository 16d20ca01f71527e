import { type TensorShape, type TransformerConfig, tensorShapes, WebDiTError } from '@webdit/core';
import type { MatmulWeights, WeightStorage } from '@webdit/shaders';
import type { BufferScope } from '../allocator.ts';
import type { DeviceHolder } from '../device.ts';
import type { PipelineCache } from '../pipelines.ts';
import { GpuWeights } from '../weights.ts';

/** What linear weights are kept as: f32, halves, or bytes with a scale per output channel, and halves where bytes are too coarse. */
export type WeightDType = 'f32' | 'f16' | 'int8';

/** What weights are multiplied in; sums are f32. */
export type MathDType = 'f32' | 'f16';

/**
 * `auto` multiplies halves as halves on hardware that can: software adapters gain nothing from it.
 * @throws WebDiTError `unsupported-config` for f16 without the adapter's `shader-f16`, `bad-argument` without halves.
 */
export function chooseMath(math: MathDType | 'auto', dtype: WeightDType, holder: DeviceHolder): MathDType {
  const able = holder.features.has('shader-f16');
  if (math === 'auto') return able && dtype === 'f16' && !holder.adapterInfo.isFallback ? 'f16' : 'f32';
  if (math === 'f16' && dtype !== 'f16') {
    throw new WebDiTError(
      'bad-argument',
      `math f16 needs f16 weights, and dtype is ${dtype}.`,
      'Use dtype f16 with it.',
    );
  }
  if (math === 'f16' && !able) {
    throw new WebDiTError('unsupported-config', 'This adapter has no shader-f16.', 'Leave math out, or use f32.');
  }
  return math;
}

const isLinear = (name: string, shape: readonly number[]) =>
  shape.length >= 2 && name.endsWith('.weight') && !name.includes('embedding_table');

/** The tensors whose readers take them in parts: those with many rows. */
const mayBeSplit = (name: string) => !name.startsWith('x_embedder') && name !== 'pos_embed';

function storageOf({ name, int8 }: TensorShape, dtype: WeightDType): WeightStorage {
  if (name.startsWith('x_embedder') || dtype === 'f32') return 'f32';
  return dtype === 'int8' && int8 ? 'int8' : 'packed-f16';
}

/** GPU home of a DiT's weights, by original DiT name. */
export class DiTWeights extends GpuWeights {
  constructor(
    config: TransformerConfig,
    readonly options: {
      readonly dtype: WeightDType;
      readonly math: MathDType;
    },
    scope: BufferScope,
    pipelines: PipelineCache,
  ) {
    const places = tensorShapes(config).map((tensor) => ({
      name: tensor.name,
      shape: tensor.shape,
      storage: isLinear(tensor.name, tensor.shape) ? storageOf(tensor, options.dtype) : undefined,
      mayBeSplit: mayBeSplit(tensor.name),
    }));
    super(places, scope, pipelines);
  }

  /** What the matmul kernel of a linear, such as `blocks.0.attn.qkv`, finds. */
  kernelWeights(linear: string): MatmulWeights {
    const storage = this.storageOf(linear);
    return storage === 'packed-f16' && this.options.math === 'f16' ? 'f16' : storage;
  }
}
