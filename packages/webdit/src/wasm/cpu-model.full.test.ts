import { chooseSampler, compileRunPlan, drawNoise, relativeError, TorchGenerator } from '@webdit/core';
import { expect, it } from 'vitest';
import { loadCpuGolden } from '../../../../testing/cpu-golden.ts';
import { ReferenceDiT } from '../../../../testing/reference-dit.ts';
import { tensorsOf } from '../../../../testing/repository.ts';
import { vaeWasmPaths } from '../../../cli/src/vae-runtime.ts';
import { VaeDecoder } from '../vae.ts';
import { checkImage } from '../verify/checks.ts';

it('paints the three pictures of emoji-dit in 50 steps', { timeout: 300_000 }, async () => {
  const { folder, golden, cases, floats, check } = await loadCpuGolden('emoji-dit');
  const { vae: files, config } = folder;
  if (files?.kind !== 'onnx') throw new Error('emoji-dit has a VAE');
  const { scalingFactor, spatialScale } = files;
  const latentShape = [config.inChannels, config.inputSize, config.inputSize] as const;
  const vae = await VaeDecoder.create(
    { decoder: await folder.read(files.decoder), scalingFactor, spatialScale, latentShape },
    { backend: 'wasm', gpu: null, wasmPaths: vaeWasmPaths() },
  );
  expect(cases).toHaveLength(3);
  for (const entry of cases) {
    const { latents, check: result } = await check(entry);
    expect(result, `${result.case} ${result.error}`).toMatchObject({ ok: true });
    const { name, expected_image: tensor = '' } = entry.golden;
    const picture = checkImage(
      { case: name, tensor },
      await vae.decode(latents),
      floats(tensor),
      golden.targets.image_psnr_db as number,
    );
    expect(picture, `${name} ${picture.error} dB`).toMatchObject({ ok: true });
  }
});

it('adds the noise of its steps as the f64 reference does', { timeout: 60_000 }, async () => {
  const { model, folder } = await loadCpuGolden('dit-original-tiny');
  const { config, scheduler } = folder;
  const sampler = chooseSampler('ddpm', scheduler);
  const plan = compileRunPlan({ model: config, sampler, steps: 4, guidanceScale: 1.5, label: 1 });
  const size = config.inChannels * config.inputSize ** 2;
  const generator = new TorchGenerator(4);
  const init = generator.randn(size);
  const noise = drawNoise(generator, plan.steps, size);
  const reference = new ReferenceDiT(config, tensorsOf('goldens/dit-original-tiny/model.safetensors'));
  const expected = reference.run(plan, init, noise).latents.at(-1) as Float32Array;
  const { signal } = new AbortController();
  const { latents } = await model.run(plan, init, { signal, onStep: () => {}, noise });
  // Four times the measured, 2.0e-7.
  expect(relativeError(latents, expected)).toBeLessThan(8e-7);
  await model.dispose();
});
