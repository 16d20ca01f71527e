import {
  type AutoencoderKLConfig,
  autoencoderNormEps,
  decoderMiddle,
  decoderUpBlocks,
  type LatentGrid,
  midChannels,
  type ResidualBlock,
} from '../packages/core/src/index.ts';
import { convReference } from '../shaders/conv/reference.ts';
import { groupNormReference } from '../shaders/group_norm/reference.ts';
import { softmaxReference } from '../shaders/softmax/reference.ts';

/** Pixels with their channels together. */
interface Pixels extends LatentGrid {
  readonly channels: number;
  readonly values: Float32Array;
}

/**
 * An AutoencoderKL's decoder by the kernels' references: f64 in every layer, f32 between them. Pictures are `[height, width, outChannels]`.
 * @param weight a tensor by diffusers' name.
 */
export function decodeReference(
  config: AutoencoderKLConfig,
  weight: (name: string) => Float32Array,
  latents: Pixels,
): Float32Array {
  const norm = (x: Pixels, name: string, silu: boolean): Pixels => {
    const options = { groups: config.normNumGroups, epsilon: autoencoderNormEps, silu };
    const values = groupNormReference(x.values, weight(`${name}.weight`), weight(`${name}.bias`), options);
    return { ...x, values: Float32Array.from(values) };
  };
  const conv = (x: Pixels, name: string, N: number, upsample = false): Pixels => {
    const size = { ...x, K: x.channels, N, upsample };
    const values = convReference(x.values, weight(`${name}.weight`), weight(`${name}.bias`), size);
    const scale = upsample ? 2 : 1;
    return { channels: N, height: scale * x.height, width: scale * x.width, values: Float32Array.from(values) };
  };
  const linear = (x: Pixels, name: string, N: number): Pixels => {
    const [matrix, bias] = [weight(`${name}.weight`), weight(`${name}.bias`)];
    const values = Float32Array.from({ length: x.height * x.width * N }, (_, i) => {
      const [pixel, n] = [Math.floor(i / N) * x.channels, i % N];
      let sum = bias[n] as number;
      for (let k = 0; k < x.channels; k++)
        sum += (x.values[pixel + k] as number) * (matrix[n * x.channels + k] as number);
      return sum;
    });
    return { ...x, channels: N, values };
  };
  const sum = (a: Pixels, b: Pixels): Pixels => ({ ...a, values: a.values.map((v, i) => v + (b.values[i] as number)) });
  const resnet = (x: Pixels, { prefix, inChannels, outChannels }: ResidualBlock): Pixels => {
    const hidden = conv(norm(x, `${prefix}.norm1`, true), `${prefix}.conv1`, outChannels);
    const branch = conv(norm(hidden, `${prefix}.norm2`, true), `${prefix}.conv2`, outChannels);
    return sum(inChannels === outChannels ? x : linear(x, `${prefix}.conv_shortcut`, outChannels), branch);
  };
  const attention = (x: Pixels, prefix: string): Pixels => {
    const C = x.channels;
    const tokens = x.height * x.width;
    const normed = norm(x, `${prefix}.group_norm`, false);
    const [q, k, v] = ['to_q', 'to_k', 'to_v'].map((name) => linear(normed, `${prefix}.${name}`, C).values) as [
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    const dot = (a: ArrayLike<number>, from: number, b: ArrayLike<number>, at: number, count: number, step = 1) => {
      let total = 0;
      for (let i = 0; i < count; i++) total += (a[from + i] as number) * (b[at + i * step] as number);
      return total;
    };
    const scores = Float32Array.from({ length: tokens * tokens }, (_, i) =>
      dot(q, Math.floor(i / tokens) * C, k, (i % tokens) * C, C),
    );
    const shares = softmaxReference(scores, { rows: tokens, width: tokens, count: tokens, scale: 1 / Math.sqrt(C) });
    const values = x.values.map((_, i) => dot(shares, Math.floor(i / C) * tokens, v, i % C, tokens, C));
    return sum(x, linear({ ...x, values }, `${prefix}.to_out.0`, C));
  };
  const middle = decoderMiddle(config);
  let x = config.usePostQuantConv ? linear(latents, 'post_quant_conv', latents.channels) : latents;
  x = resnet(conv(x, 'decoder.conv_in', midChannels(config)), middle.resnets[0]);
  if (config.midBlockAddAttention) x = attention(x, middle.attention);
  x = resnet(x, middle.resnets[1]);
  for (const { resnets, upsampler, channels } of decoderUpBlocks(config)) {
    for (const block of resnets) x = resnet(x, block);
    if (upsampler !== null) x = conv(x, upsampler, channels, true);
  }
  return conv(norm(x, 'decoder.conv_norm_out', true), 'decoder.conv_out', config.outChannels).values;
}
