import { expect, it } from 'vitest';
import { loadCpuGolden } from '../../../../testing/cpu-golden.ts';
import { vaeWasmPaths } from '../../../cli/src/vae-runtime.ts';
import { VaeDecoder } from '../vae.ts';
import { checkImage } from '../verify/checks.ts';

it('paints the three pictures of emoji-dit in 50 steps', { timeout: 300_000 }, async () => {
  const { folder, golden, cases, floats, check } = await loadCpuGolden('emoji-dit');
  const { vae: files, config } = folder;
  if (!files) throw new Error('emoji-dit has a VAE');
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
