import { captionLength, type PixArtConfig, type TransformerConfig, visibleTokens, WebDiTError } from '@webdit/core';
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

/** What a text model is told besides its latents. */
export interface TextConditions {
  /** One for each row of the run: the prompt's, then the negative one's. */
  readonly captions: readonly Caption[];
  /** What models with size conditions are told, in pixels; by default the size of the picture. */
  readonly resolution?: { readonly height: number; readonly width: number; readonly aspectRatio?: number };
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
 * Lays captions out, hidden tokens left out. Where all are hidden all are seen, as a softmax over equally low scores has it.
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
    const visible = mask ? visibleTokens(embeddings, mask, channels) : embeddings;
    return visible.length > 0 ? visible : embeddings;
  });
  const keys = captionLength(seen.map(({ length }) => length / channels));
  const embeddings = new Float32Array(captions.length * keys * channels);
  const mask = new Uint32Array(captions.length * keys);
  seen.forEach((row, i) => {
    embeddings.set(row, i * keys * channels);
    mask.fill(1, i * keys, i * keys + row.length / channels);
  });
  return { keys, embeddings, mask };
}

/**
 * Lays a text model's captions out; undefined for a DiT.
 * @throws WebDiTError `bad-argument` for conditions that are missing, of another number of rows, or of no use to the model.
 */
export function packText(
  config: TransformerConfig,
  rows: number,
  text: TextConditions | undefined,
): PackedCaptions | undefined {
  if (config.kind === 'dit') {
    if (text) throw new WebDiTError('bad-argument', 'This model takes a label and no text.', 'Leave the prompt out.');
    return undefined;
  }
  if (text?.captions.length !== rows) {
    throw new WebDiTError(
      'bad-argument',
      `The run has ${rows} ${rows === 1 ? 'row' : 'rows'} and ${text?.captions.length ?? 0} prompts.`,
      'Pass the embeddings of a prompt, and with guidance those of a negative one.',
    );
  }
  return packCaptions(text.captions, config.captionChannels);
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
  const { mask, embeddings } = one;
  return (
    mask.length === other.mask.length &&
    mask.every((value, i) => value === other.mask[i]) &&
    embeddings.every((value, i) => value === other.embeddings[i])
  );
}
