import { relativeError, torchRandn } from '@webdit/core';
import { expect, test } from 'vitest';
import { testDevice } from '../../../../testing/gpu.ts';
import { openAutoencoderKL } from '../../../weights/src/index.ts';
import { pathSource, sdVae, writeSynthVae } from '../../../weights/src/node.ts';
import { scratchFolder } from '../../../weights/src/testing/fixtures.ts';
import { grantsOf } from '../memory/counting-device.ts';
import { AutoencoderKLDecoder, countDecoder } from './decoder.ts';

const mib = 2 ** 20;
const latent = { height: 64, width: 64 };

test('a picture of 512 pixels is the same in bands and whole, in the memory that was counted', async () => {
  const path = `${await scratchFolder()}/vae`;
  await writeSynthVae(path, { config: sdVae(32), dtype: 'F32', seed: 1 });
  const { config, loadWeights } = await openAutoencoderKL(pathSource(path));
  const holder = await testDevice();
  const latents = torchRandn(7, 4 * latent.height * latent.width);
  const decode = async (bandBytes: number | undefined) => {
    const options = { weightDType: 'f32' as const, ...(bandBytes === undefined ? {} : { bandBytes }) };
    const decoder = await AutoencoderKLDecoder.create(holder, config, options);
    await loadWeights(decoder.sink);
    decoder.finishLoading();
    const image = await decoder.decode(latents, latent);
    const { current, peak } = decoder.bytes;
    decoder.dispose();
    const counted = countDecoder(config, latent, options, grantsOf(holder));
    expect(current).toBe(counted.weights);
    // A device that has been measured cuts the work into other dispatches, each with its uniforms: pages of 16 KiB.
    expect(Math.abs(peak / (counted.weights + counted.activations) - 1)).toBeLessThan(1e-3);
    return { image, activations: peak - current };
  };
  const whole = await decode(128 * mib);
  const banded = await decode(4 * mib);
  expect(whole.image).toHaveLength(3 * 512 * 512);
  const mean = whole.image.reduce((sum, value) => sum + Math.abs(value), 0) / whole.image.length;
  expect(mean).toBeGreaterThan(0.1);
  // The target is 1e-3; the bands end where chunks of the norms' sums do, so that not even those differ.
  expect(relativeError(banded.image, whole.image)).toBeLessThan(1e-6);
  expect(banded.activations).toBeLessThan(whole.activations / 4);
});
