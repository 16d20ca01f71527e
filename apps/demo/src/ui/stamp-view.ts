import { css, html, LitElement, type PropertyValues } from 'lit';
import type { Painting } from '../session.ts';
import { controls } from './shared-styles.ts';

const noiseCells = 16;

/**
 * The picture on a postage stamp; before there is one, the noise that a run starts from; while one is painted, its preview, which
 * the browser smooths.
 */
export class StampView extends LitElement {
  static override properties = {
    painting: { attribute: false },
    preview: { attribute: false },
    seed: { type: Number },
  };
  declare painting: Painting | null;
  declare preview: Pick<Painting, 'image' | 'settings'> | null;
  /** Of the next picture. */
  declare seed: number;

  constructor() {
    super();
    this.painting = null;
    this.preview = null;
    this.seed = 0;
  }

  override render() {
    const { painting, preview } = this;
    const shown = preview ?? painting;
    const { label, seed } = shown?.settings ?? { label: 'noise', seed: this.seed };
    const name = shown ? `${preview ? 'Preview of' : 'Painted'} ${label}, seed ${seed}` : 'Noise, not painted yet';
    return html`
      <figure>
        <div class="stamp">
          <canvas class=${preview ? 'preview' : ''} width="64" height="64" role="img" aria-label=${name}></canvas>
          <figcaption>
            <span class="name">${label}</span>
            <span class="seed">No. ${Number.isNaN(seed) ? '?' : seed}</span>
          </figcaption>
        </div>
      </figure>
    `;
  }

  override updated(changed: PropertyValues<this>): void {
    const { preview, painting } = this;
    if (preview) this.draw(preview.image);
    else if (!painting) this.drawNoise();
    else if (changed.has('painting') || changed.has('preview')) this.draw(painting.image);
  }

  private draw(image: ImageData): void {
    const { canvas } = this;
    canvas.width = image.width;
    canvas.height = image.height;
    this.context?.putImageData(image, 0, 0);
  }

  /** A picture of randomness that changes with the seed; the engine draws its own, exact noise. */
  private drawNoise(): void {
    const { canvas, context } = this;
    if (!context) return;
    canvas.width = noiseCells;
    canvas.height = noiseCells;
    const pixels = context.createImageData(noiseCells, noiseCells);
    let state = (Number(this.seed) || 0) ^ 0x9e3779b9;
    for (let i = 0; i < pixels.data.length; i++) {
      state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + i;
      pixels.data[i] = i % 4 === 3 ? 255 : 150 + ((state >>> 12) % 106);
    }
    context.putImageData(pixels, 0, 0);
  }

  /** In main memory: a canvas this small is not worth starting the page's own GPU renderer for. */
  private get context(): CanvasRenderingContext2D | null {
    return this.canvas.getContext('2d', { willReadFrequently: true });
  }

  private get canvas(): HTMLCanvasElement {
    return this.renderRoot.querySelector('canvas') as HTMLCanvasElement;
  }

  static override styles = [
    controls,
    css`
      :host {
        --hole: 16px;
        --picture: 320px;
      }
      figure {
        width: fit-content;
        margin: 0 auto;
        filter: drop-shadow(0 2px 2px var(--shadow)) drop-shadow(0 12px 20px var(--shadow));
      }
      /* 23 x 26 holes: the mask's dots sit on the edge, and the second layer keeps the middle whole. */
      .stamp {
        width: calc(var(--picture) + 3 * var(--hole));
        height: calc(var(--picture) + 6 * var(--hole));
        padding: calc(1.5 * var(--hole));
        background: var(--stamp);
        mask:
          linear-gradient(#000 0 0) center / calc(100% - var(--hole) * 0.78) calc(100% - var(--hole) * 0.78) no-repeat,
          radial-gradient(circle, transparent 36%, #000 38.5%) calc(var(--hole) / -2) calc(var(--hole) / -2) /
            var(--hole) var(--hole);
      }
      canvas {
        display: block;
        width: var(--picture);
        height: var(--picture);
        image-rendering: pixelated;
      }
      .preview {
        image-rendering: auto;
      }
      figcaption {
        display: flex;
        align-items: baseline;
        justify-content: space-between;
        gap: 1rem;
        height: calc(3 * var(--hole));
        padding-top: calc(0.75 * var(--hole));
        color: #17282b;
        font-family: var(--round);
      }
      .name {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
        font-size: 1.15rem;
        font-weight: 700;
      }
      .seed {
        flex: none;
        color: #516468;
        font-size: 0.85rem;
        font-variant-numeric: tabular-nums;
      }
      @media (max-width: 420px), (max-height: 780px) {
        :host {
          --picture: 256px;
        }
      }
    `,
  ];
}

customElements.define('stamp-view', StampView);
