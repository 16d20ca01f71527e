import { captionLength, type PixArtConfig, WebDiTError } from '@webdit/core';
import type { BufferScope } from '../allocator.ts';
import type { Dispatch } from '../program.ts';
import { type CrossText, type DiTOps, whole } from './ops.ts';

/** A text encoder's output for one row of a run. */
export interface Caption {
  /** `[tokens, captionChannels]`. */
  readonly embeddings: Float32Array;
  /** `[tokens]`, 0 hides a token; by default all are seen. */
  readonly mask?: ArrayLike<number>;
}

/** Captions of all rows, laid out for the GPU. */
export interface PackedCaptions {
  /** Tokens of each row. */
  readonly keys: number;
  /** `[batch, keys, captionChannels]`. */
  readonly embeddings: Float32Array<ArrayBuffer>;
  /** `[batch, keys]`. */
  readonly mask: Uint32Array<ArrayBuffer>;
}

/**
 * Lays captions out, hidden tokens left out: attention knows no order, and a hidden token changes nothing. Where all are hidden all are
 * seen, as a softmax over equally low scores has it.
 * @throws WebDiTError `shape-mismatch` for embeddings that are not whole tokens of `channels`, or a mask of another length.
 */
export function packCaptions(captions: readonly Caption[], channels: number): PackedCaptions {
  const seen = captions.map(({ embeddings, mask }) => {
    const tokens = embeddings.length / channels;
    if (!Number.isInteger(tokens) || tokens === 0 || (mask && mask.length !== tokens)) {
      throw new WebDiTError(
        'shape-mismatch',
        `Prompt embeddings of ${embeddings.length} values${mask ? ` and a mask of ${mask.length}` : ''} are not tokens of ${channels}.`,
        `Pass [tokens, ${channels}] values, and a mask of as many tokens.`,
      );
    }
    const all = Array.from({ length: tokens }, (_, token) => token);
    const visible = mask ? all.filter((token) => mask[token] !== 0) : all;
    return visible.length > 0 ? visible : all;
  });
  const keys = captionLength(seen.map(({ length }) => length));
  const embeddings = new Float32Array(captions.length * keys * channels);
  const mask = new Uint32Array(captions.length * keys);
  seen.forEach((tokens, row) => {
    const source = (captions[row] as Caption).embeddings;
    tokens.forEach((token, i) => {
      embeddings.set(source.subarray(token * channels, (token + 1) * channels), (row * keys + i) * channels);
      mask[row * keys + i] = 1;
    });
  });
  return { keys, embeddings, mask };
}

/** The text of a run: its projection and every layer's keys and values, which no step changes, are computed once per prompt. */
export class CaptionGraph {
  /** `[batch, keys, captionChannels]`. */
  readonly embeddings: GPUBuffer;
  /** `[batch, keys]`. */
  readonly mask: GPUBuffer;
  /** Everything that is computed of a text. */
  readonly #project: readonly Dispatch[];
  readonly #layers: readonly CrossText[];
  /** What is being computed. */
  #latest: PackedCaptions | undefined;
  /** What has been. */
  #kept: PackedCaptions | undefined;

  constructor(
    ops: DiTOps,
    { captionChannels, depth, hiddenSize: C }: PixArtConfig,
    readonly keys: number,
    scope: BufferScope,
  ) {
    const rows = ops.batch * keys;
    this.embeddings = scope.storage('caption', rows * captionChannels);
    this.mask = scope.storage('caption_mask', rows);
    const hidden = scope.storage('caption_hidden', rows * C);
    const projected = scope.storage('caption_projected', rows * C);
    this.#layers = Array.from({ length: depth }, (_, layer) => ({
      keys,
      keysValues: scope.storage(`caption_keys_values.${layer}`, rows * 2 * C),
      mask: this.mask,
    }));
    this.#project = [
      ...ops.linear('y_embedder.y_proj.fc1', this.embeddings, whole(hidden), {
        rows,
        K: captionChannels,
        N: C,
        activation: 'gelu',
      }),
      ...ops.linear('y_embedder.y_proj.fc2', hidden, whole(projected), { rows, K: C, N: C }),
      ...this.#layers.flatMap(({ keysValues }, layer) =>
        ops.linear(`blocks.${layer}.cross_attn.kv_linear`, projected, whole(keysValues), { rows, K: C, N: 2 * C }),
      ),
    ];
  }

  /** What the cross-attention of a layer reads. */
  layer(layer: number): CrossText {
    return this.#layers[layer] as CrossText;
  }

  /**
   * Uploads the captions of a run.
   * @returns what has to run before its first step: nothing for those of the latest run that was finished.
   */
  prepare(captions: PackedCaptions, queue: GPUQueue): readonly Dispatch[] {
    if (this.#kept && isSame(this.#kept, captions)) return [];
    this.#kept = undefined;
    this.#latest = captions;
    queue.writeBuffer(this.embeddings, 0, captions.embeddings);
    queue.writeBuffer(this.mask, 0, captions.mask);
    return this.#project;
  }

  /** What was prepared has been computed: the GPU has done the whole run. */
  finished(): void {
    this.#kept = this.#latest;
  }
}

function isSame(one: PackedCaptions, other: PackedCaptions): boolean {
  const equal = (a: ArrayLike<number>, b: ArrayLike<number>) => {
    if (a.length !== b.length) return false;
    for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
    return true;
  };
  return equal(one.mask, other.mask) && equal(one.embeddings, other.embeddings);
}
