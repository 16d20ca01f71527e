import { readFileSync } from 'node:fs';
import { cp, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeManifest, manifestPath } from '../packages/weights/src/index.ts';
import { parseAutoencoderKLConfig } from '../packages/weights/src/layouts/autoencoder-kl.ts';
import { pathSource } from '../packages/weights/src/node.ts';
import { decodeReference } from './reference-vae.ts';
import { repositoryPath, tensorsOf } from './repository.ts';

const model = 'goldens/dit-diffusers-tiny';
const vae = 'goldens/vae-tiny';
const latents = { channels: 4, height: 16, width: 16 };

/** A tiny diffusers folder as hubs have them, a DiT and the weights of a VAE, with its manifest. Its user removes it. */
export async function writeVaeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'webdit-vae-'));
  for (const name of ['model_index.json', 'scheduler', 'transformer']) {
    await cp(repositoryPath(`${model}/${name}`), join(folder, name), { recursive: true });
  }
  await cp(repositoryPath(`${vae}/vae`), join(folder, 'vae'), { recursive: true });
  const path = join(folder, 'model_index.json');
  const index = JSON.parse(await readFile(path, 'utf8'));
  await writeFile(path, JSON.stringify({ ...index, vae: ['diffusers', 'AutoencoderKL'] }));
  await writeFile(join(folder, manifestPath), JSON.stringify(await makeManifest(pathSource(folder))));
  return folder;
}

/** Latents `[4, 16, 16]` of its DiT as its VAE decodes them in f64: bytes `[64, 64, 3]`. */
export function paintedReference(data: ArrayLike<number>): Float32Array {
  const config = parseAutoencoderKLConfig(JSON.parse(readFileSync(repositoryPath(`${vae}/vae/config.json`), 'utf8')));
  const plane = latents.height * latents.width;
  const values = Float32Array.from(
    { length: latents.channels * plane },
    (_, i) =>
      (data[(i % latents.channels) * plane + Math.floor(i / latents.channels)] as number) / config.scalingFactor,
  );
  const weight = tensorsOf(`${vae}/vae/diffusion_pytorch_model.safetensors`);
  const picture = decodeReference(config, weight, { ...latents, values });
  return picture.map((value) => Math.round(Math.min(255, Math.max(0, 127.5 * (value + 1)))));
}
