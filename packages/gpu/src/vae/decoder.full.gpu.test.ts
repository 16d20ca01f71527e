import { relativeError } from '@webdit/core';
import { expect, test } from 'vitest';
import { goldenTensors } from '../../../../testing/golden.ts';
import { testDevice } from '../../../../testing/gpu.ts';
import { repositoryPath } from '../../../../testing/repository.ts';
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
