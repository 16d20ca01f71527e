import { atSize, type LatentGrid, type PixArtConfig } from '../packages/core/src/index.ts';
import type { Caption } from '../packages/gpu/src/index.ts';
import { openModelFolder } from '../packages/weights/src/index.ts';
import { pathSource } from '../packages/weights/src/node.ts';
import { RecordingSink } from '../packages/weights/src/testing/recording-sink.ts';
import { ReferencePixArt } from './reference-pixart.ts';
import { repositoryPath, tensorsOf } from './repository.ts';

/** A golden folder of a PixArt, with what holds the GPU against the f64 reference. */
export async function openPixArt(name: string) {
  const opened = await openModelFolder(pathSource(repositoryPath(`goldens/${name}`)));
  const { config } = opened;
  if (config.kind !== 'pixart') throw new Error(`${name} is no PixArt`);
  const folder: typeof opened & { readonly config: PixArtConfig } = { ...opened, config };
  const sink = new RecordingSink();
  await folder.loadWeights(sink);
  const golden = tensorsOf(`goldens/${name}/golden.safetensors`);
  return {
    folder,
    /** By name, of the PyTorch model. */
    golden,
    /** The prompt and the negative prompt, with their masks. */
    captions: [0, 1].map((row): Caption => {
      const half = (tensor: string) => {
        const both = golden(tensor);
        return both.subarray((row * both.length) / 2, ((row + 1) * both.length) / 2);
      };
      return { embeddings: half('encoder_hidden_states'), mask: half('encoder_attention_mask') };
    }),
    reference: (size?: LatentGrid) =>
      new ReferencePixArt(size ? atSize(config, size) : config, (tensor) => sink.floats(tensor)),
  };
}
