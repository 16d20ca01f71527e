import { WebDiTError } from '@webdit/core';
import {
  AutoencoderKLDecoder,
  checkLine,
  type DType,
  openAutoencoderKL,
  type openGolden,
  type pathSource,
  runDecodes,
  targetsFor,
  verdict,
} from 'webdit/node';
import type { Output } from '../command.ts';
import type { OpenedDevice } from '../device.ts';

/** Runs the golden folder of a VAE alone, and closes the device. */
export async function verifyVae(
  folder: Awaited<ReturnType<typeof openGolden>>,
  model: ReturnType<typeof pathSource>,
  device: OpenedDevice & { readonly names: readonly string[] | undefined; readonly weightDType: DType },
  output: Output,
): Promise<number> {
  const { holder, adapter, names, weightDType } = device;
  output.line(`adapter ${adapter}`);
  try {
    if (weightDType === 'int8') {
      throw new WebDiTError('bad-argument', 'The VAE has no int8 weights.', 'Use dtype f32 or f16.');
    }
    const vae = await openAutoencoderKL(model);
    const decoder = await AutoencoderKLDecoder.create(holder, vae.config, { weightDType });
    try {
      await vae.loadWeights(decoder.sink);
      decoder.finishLoading();
      const checks = await runDecodes(folder, decoder, {
        names,
        targets: targetsFor(folder.golden, weightDType),
        onCheck: (check) => output.line(checkLine(check)),
      });
      const { passed, line } = verdict(checks);
      output.line(line);
      return passed ? 0 : 1;
    } finally {
      decoder.dispose();
    }
  } finally {
    holder.destroy();
  }
}
