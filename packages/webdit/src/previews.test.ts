import type { OnnxVae, PreviewMap } from '@webdit/weights';
import { describe, expect, it } from 'vitest';
import { previewNotes, previewPixels, requestPreviews } from './previews.ts';
import type { PreviewEvent } from './types.ts';

const map: PreviewMap = {
  factors: [
    [1, 0, 0],
    [0, 0.5, -0.5],
  ],
  bias: [0, 0.2, 0],
};

describe('previewPixels', () => {
  it('is bias plus latents times factors, from [-1, 1] to bytes, clamped', () => {
    const latents = Float32Array.of(0, -1, 5, Number.NaN, /* channel 2 */ 0, 0.4, -8, 0);
    const { data, width, height } = previewPixels(map, latents, 2, 2);
    const byte = (value: number) => Math.round(127.5 * (value + 1));
    expect([width, height]).toEqual([2, 2]);
    expect([...data.subarray(0, 4)]).toEqual([byte(0), byte(0.2), byte(0), 255]);
    expect([...data.subarray(4, 8)]).toEqual([0, byte(0.4), byte(-0.2), 255]);
    expect([...data.subarray(8, 12)]).toEqual([255, 0, 255, 255]);
    // Not a number in any channel: grey.
    expect([...data.subarray(12)]).toEqual([128, 128, 128, 255]);
  });

  it('refuses latents of another model', () => {
    expect(() => previewPixels(map, new Float32Array(9), 2, 2)).toThrow(/map of 2 channels does not fit 9 latents/);
  });
});

const config = { inputSize: 2 } as Parameters<typeof requestPreviews>[0]['config'];
const folder = (preview: PreviewMap | null) => ({ config, vae: { preview } as OnnxVae });

describe('requestPreviews', () => {
  it('turns latents into events of their picture', () => {
    const events: PreviewEvent[] = [];
    const request = requestPreviews(folder(map), { steps: 5, previewEvery: 2 }, 3, (event) => events.push(event));
    // Every second step of five, but not the last.
    expect([...(request?.steps ?? [])]).toEqual([1, 3]);
    request?.onPreview(1, new Float32Array(8));
    expect(events).toEqual([{ image: 3, n: 1, steps: 5, preview: previewPixels(map, new Float32Array(8), 2, 2) }]);
  });

  it('asks for nothing without a map, a VAE, a wish or a listener', () => {
    const wish = { steps: 5, previewEvery: 1 };
    const listen = () => {};
    expect(requestPreviews(folder(null), wish, 0, listen)).toBeUndefined();
    expect(requestPreviews({ ...folder(map), vae: null }, wish, 0, listen)).toBeUndefined();
    expect(requestPreviews(folder(map), { steps: 5, previewEvery: null }, 0, listen)).toBeUndefined();
    expect(requestPreviews(folder(map), wish, 0, undefined)).toBeUndefined();
  });

  it('notes that a model with a VAE has no map', () => {
    expect(previewNotes(folder(map))).toEqual([]);
    expect(previewNotes({ vae: null })).toEqual([]);
    expect(previewNotes(folder(null))).toEqual([expect.stringContaining('no previews')]);
  });
});
