import type { LatentGrid } from '@webdit/core';
import type { AutoencoderKLDecoder } from '@webdit/gpu/vae';
import { checkTensor, type TensorCheck } from './checks.ts';
import { type Golden, selectCases } from './golden.ts';
import { floats, label, sizeOf, target } from './run-case.ts';
import type { GoldenFolder } from './verify.ts';

/**
 * Runs the decodes of a VAE's golden folder, of these names or all, each at the size of its latents.
 * @throws WebDiTError `bad-argument` for an unknown name, `format` for tensors or targets that the folder lacks, and what the decoder throws.
 */
export async function runDecodes(
  { golden, tensors }: GoldenFolder,
  decoder: Pick<AutoencoderKLDecoder, 'decode'>,
  {
    names,
    targets,
    onCheck,
  }: {
    readonly names: readonly string[] | undefined;
    readonly targets: Golden['targets'];
    readonly onCheck: (check: TensorCheck) => void;
  },
): Promise<TensorCheck[]> {
  const checks: TensorCheck[] = [];
  for (const entry of selectCases(golden.cases, names)) {
    if (entry.type !== 'decode') continue;
    const latents = floats(tensors, entry.latent);
    const image = await decoder.decode(latents, sizeOf(tensors, entry.latent) as LatentGrid);
    const expected = floats(tensors, entry.expected);
    const check = checkTensor(label(entry, entry.expected), image, expected, target(targets, 'image'));
    checks.push(check);
    onCheck(check);
  }
  return checks;
}
