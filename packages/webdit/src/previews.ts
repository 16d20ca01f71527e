import { latentGrid, WebDiTError } from '@webdit/core';
import type { PreviewRequest } from '@webdit/gpu';
import type { ModelFolder, PreviewMap } from '@webdit/weights';
import type { GenerateRequest } from './arguments.ts';
import { asImageData, type RawImage, toRgba } from './pixels.ts';
import type { PreviewEvent } from './types.ts';

/** What previews need to know of a model folder. */
export type PreviewParts = Pick<ModelFolder, 'config' | 'vae'>;

/** What `model.run` is asked for so that picture `image` of a call has previews; undefined where there can be none, or none are wanted. */
export function requestPreviews(
  { config, vae }: PreviewParts,
  { steps, previewEvery: every }: Pick<GenerateRequest, 'steps' | 'previewEvery'>,
  image: number,
  onPreview: ((event: PreviewEvent) => void) | undefined,
): PreviewRequest | undefined {
  const map = vae?.preview;
  if (!map || every === null || !onPreview) return undefined;
  const { height, width } = latentGrid(config);
  // The picture itself follows upon the last step.
  const previewed = Array.from({ length: steps - 1 }, (_, n) => n).filter((n) => (n + 1) % every === 0);
  return {
    steps: new Set(previewed),
    onPreview: (n, latents) => {
      const preview = asImageData(previewPixels(map, latents, width, height));
      onPreview({ image, n, steps, preview });
    },
  };
}

/** For `info.notes`. */
export function previewNotes({ vae }: Pick<ModelFolder, 'vae'>): string[] {
  if (!vae || vae.preview) return [];
  return ['There are no previews because vae/config.json names no preview map, which webdit fit-preview makes.'];
}

/**
 * Colours of latents, one pixel for each of theirs.
 * @param latents `[channels, height, width]`, not divided by the VAE's scaling factor. What is not a number stays grey.
 * @throws WebDiTError `shape-mismatch` when the map belongs to other latents.
 */
export function previewPixels(map: PreviewMap, latents: ArrayLike<number>, width: number, height: number): RawImage {
  const size = width * height;
  if (latents.length !== map.factors.length * size) {
    throw new WebDiTError(
      'shape-mismatch',
      `A preview map of ${map.factors.length} channels does not fit ${latents.length} latents of ${width} x ${height}.`,
      'Use the preview map of this model.',
    );
  }
  const planes = new Float32Array(3 * size);
  for (let colour = 0; colour < 3; colour++) {
    for (let i = 0; i < size; i++) {
      let value = map.bias[colour] as number;
      map.factors.forEach((factor, channel) => {
        value += (factor[colour] as number) * (latents[channel * size + i] as number);
      });
      planes[colour * size + i] = Number.isNaN(value) ? 0 : value;
    }
  }
  return toRgba(planes, width, height);
}
