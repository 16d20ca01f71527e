import { css, html, LitElement, nothing, type PropertyValues } from 'lit';
import { controls } from './shared-styles.ts';

/** A picture at a glance, with what it is called. */
export class SmallPicture extends LitElement {
  static override properties = { image: { attribute: false }, name: {} };
  /** Null for a run without pixels, whose model has no VAE. */
  declare image: ImageData | null;
  declare name: string;

  constructor() {
    super();
    this.image = null;
    this.name = '';
  }

  override render() {
    const { image, name } = this;
    return html`
      <figure>
        ${
          image
            ? html`<canvas width=${image.width} height=${image.height} role="img" aria-label=${name}></canvas>`
            : nothing
        }
        <figcaption>${name}</figcaption>
      </figure>
    `;
  }

  override updated(changed: PropertyValues<this>): void {
    const { image } = this;
    if (!image || !changed.has('image')) return;
    // In main memory: not worth starting the page's own GPU renderer for.
    const context = this.renderRoot.querySelector('canvas')?.getContext('2d', { willReadFrequently: true });
    context?.putImageData(image, 0, 0);
  }

  static override styles = [
    controls,
    css`
      figure {
        margin: 0;
      }
      canvas {
        display: block;
        width: 8rem;
        height: auto;
        border-radius: 8px;
        background: var(--stamp);
        image-rendering: pixelated;
      }
      figcaption {
        margin-top: 0.3rem;
        color: var(--soft);
        font-size: 0.85rem;
        text-align: center;
      }
    `,
  ];
}

customElements.define('small-picture', SmallPicture);
