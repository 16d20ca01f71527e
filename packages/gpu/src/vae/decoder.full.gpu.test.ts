import { type AutoencoderKLConfig, autoencoderDecoderShapes, relativeError } from '@webdit/core';
import { expect, test, vi } from 'vitest';
import { goldenTensors } from '../../../../testing/golden.ts';
import { testDevice } from '../../../../testing/gpu.ts';
import { decodeReference } from '../../../../testing/reference-vae.ts';
import { repositoryPath } from '../../../../testing/repository.ts';
import { randomValues } from '../../../../testing/run-kernel.ts';
import { openAutoencoderKL } from '../../../weights/src/index.ts';
import { pathSource } from '../../../weights/src/node.ts';
import { grantsOf } from '../memory/counting-device.ts';
import { AutoencoderKLDecoder, type AutoencoderKLDecoderOptions, countDecoder } from './decoder.ts';

const tensors = goldenTensors('vae-tiny');
const rectangle = { height: 6, width: 10 };

async function decodeOnce(options: AutoencoderKLDecoderOptions) {
  const { config, loadWeights } = await openAutoencoderKL(pathSource(repositoryPath('goldens/vae-tiny')));
  const decoder = await AutoencoderKLDecoder.create(await testDevice(), config, options);
  await loadWeights(decoder.sink);
  decoder.finishLoading();
  const image = await decoder.decode(tensors('latent_rect'), rectangle);
  const { current, peak } = decoder.bytes;
  decoder.dispose();
  return { image, current, peak, config };
}

test('bands of rows make the picture that whole maps make, in the memory that was counted', async () => {
  const whole = await decodeOnce({ weightDType: 'f32', bandBytes: 2 ** 24 });
  const options = { weightDType: 'f32', bandBytes: 1 } as const;
  const banded = await decodeOnce(options);
  // Only the sums of the norms are put together otherwise: measured 1.1e-6.
  expect(relativeError(banded.image, whole.image)).toBeLessThan(5e-6);
  expect(relativeError(banded.image, tensors('image_rect'))).toBeLessThan(1e-5);
  const counted = countDecoder(banded.config, rectangle, options, grantsOf(await testDevice()));
  expect(banded.current).toBe(counted.weights);
  expect(banded.peak).toBe(counted.weights + counted.activations);
  expect(banded.peak - banded.current).toBeLessThan((whole.peak - whole.current) / 2);
});

test('what was prepared for compiles nothing when it decodes', async () => {
  const { config, loadWeights } = await openAutoencoderKL(pathSource(repositoryPath('goldens/vae-tiny')));
  const holder = await testDevice();
  const decoder = await AutoencoderKLDecoder.create(holder, config, { weightDType: 'f16' });
  await loadWeights(decoder.sink);
  decoder.finishLoading();
  const compile = vi.spyOn(holder.device, 'createComputePipelineAsync');
  await decoder.prepare(rectangle);
  const compiled = compile.mock.calls.length;
  await decoder.decode(tensors('latent_rect'), rectangle);
  expect([compiled > 0, compile.mock.calls.length]).toEqual([true, compiled]);
  compile.mockRestore();
  decoder.dispose();
});

const odd: AutoencoderKLConfig = {
  latentChannels: 4,
  outChannels: 3,
  blockOutChannels: [8, 12],
  layersPerBlock: 1,
  normNumGroups: 4,
  scalingFactor: 1,
  shiftFactor: 0,
  usePostQuantConv: true,
  midBlockAddAttention: true,
};

test.each([
  ['an odd number of latent pixels', odd],
  ['no attention and no convolution of the latents', { ...odd, usePostQuantConv: false, midBlockAddAttention: false }],
])('%s, in bands', async (_, config) => {
  const weights = new Map(
    autoencoderDecoderShapes(config).map(({ name, shape }, i) => {
      const count = shape.reduce((a, b) => a * b, 1);
      const scale = shape.length > 1 ? Math.sqrt((3 * (shape[0] as number)) / count) : 0.3;
      const middle = name.includes('norm') && name.endsWith('.weight') ? 1 : 0;
      return [name, { shape, values: randomValues(count, i + 1).map((v) => middle + scale * v) }];
    }),
  );
  const decoder = await AutoencoderKLDecoder.create(await testDevice(), config, { weightDType: 'f32', bandBytes: 1 });
  for (const [name, { shape, values }] of weights) {
    const writer = decoder.sink.begin({
      name,
      shape,
      elementOffset: 0,
      elementCount: values.length,
      sourceDType: 'F32',
    });
    await writer.write(new Uint8Array(values.buffer), 0);
    await writer.end();
  }
  decoder.finishLoading();
  const [channels, height, width] = [4, 5, 7];
  const latents = randomValues(channels * height * width, 99);
  const image = await decoder.decode(latents, { height, width });
  decoder.dispose();
  const pixels = height * width;
  const values = latents.map((_, i) => latents[(i % channels) * pixels + Math.floor(i / channels)] as number);
  const weight = (name: string) => weights.get(name)?.values as Float32Array;
  const expected = decodeReference(config, weight, { channels, height, width, values });
  const plane = expected.length / 3;
  const planes = expected.map((_, i) => expected[(i % plane) * 3 + Math.floor(i / plane)] as number);
  // Four times the worst measured, 5.1e-7.
  expect(relativeError(image, planes)).toBeLessThan(2e-6);
});
