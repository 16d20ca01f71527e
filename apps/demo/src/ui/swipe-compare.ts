import { css, html, LitElement, type PropertyValues } from 'lit';
import './pill-choice.ts';
import { differenceImage } from './difference.ts';
import { controls } from './shared-styles.ts';

const modes = [
  { value: 'swipe', text: 'Swipe' },
  { value: 'beside', text: 'Side by side' },
  { value: 'difference', text: 'Difference' },
];

/** Two pictures of the same size on top of each other; a slider uncovers one or the other. */
export class SwipeCompare extends LitElement {
  static override properties = {
    first: { attribute: false },
    second: { attribute: false },
    beforeName: {},
    afterName: {},
    mode: { state: true },
    position: { state: true },
  };
  declare first: ImageData | null;
  declare second: ImageData | null;
  declare beforeName: string;
  declare afterName: string;
  declare mode: 'swipe' | 'beside' | 'difference';
  /** Percent of the width that shows the first. */
  declare position: number;

  constructor() {
    super();
    this.first = null;
    this.second = null;
    this.beforeName = '';
    this.afterName = '';
    this.mode = 'swipe';
    this.position = 50;
  }

  override render() {
    const { mode, beforeName, afterName } = this;
    return html`
      <pill-choice
        name="How to look at the pictures"
        .choices=${modes}
        .value=${mode}
        @choose=${({ detail }: CustomEvent<SwipeCompare['mode']>) => this.show(detail)}
      ></pill-choice>
      <div class="pictures ${mode}">
        <figure class="before">
          <canvas role="img" aria-label=${beforeName}></canvas>
          <figcaption>${beforeName}</figcaption>
        </figure>
        <figure class="after">
          <canvas role="img" aria-label=${afterName}></canvas>
          <figcaption>${afterName}</figcaption>
        </figure>
        <figure class="between">
          <canvas role="img" aria-label="Difference of the two, ten times as strong"></canvas>
          <figcaption>difference, ten times as strong; grey is none</figcaption>
        </figure>
        <p class="names" aria-hidden="true" ?hidden=${mode !== 'swipe'}>
          <span>${beforeName}</span><span>${afterName}</span>
        </p>
        <input
          class="slider"
          type="range"
          min="0"
          max="100"
          aria-label="Uncover ${beforeName} or ${afterName}"
          .value=${String(this.position)}
          ?hidden=${mode !== 'swipe'}
          @input=${this.slide}
        />
      </div>
    `;
  }

  override updated(changed: PropertyValues<this>): void {
    if (changed.has('first') || changed.has('second')) {
      this.draw('.before canvas', this.first);
      this.draw('.after canvas', this.second);
      this.draw('.between canvas', this.first && this.second ? differenceImage(this.first, this.second) : null);
    }
    // Through the CSSOM, which a strict content security policy allows.
    this.style.setProperty('--position', `${this.position}%`);
  }

  private draw(selector: string, image: ImageData | null): void {
    const canvas = this.renderRoot.querySelector<HTMLCanvasElement>(selector);
    if (!canvas) return;
    canvas.width = image?.width ?? 64;
    canvas.height = image?.height ?? 64;
    if (image) canvas.getContext('2d', { willReadFrequently: true })?.putImageData(image, 0, 0);
  }

  private show(mode: SwipeCompare['mode']): void {
    this.mode = mode;
  }

  private slide({ target }: Event): void {
    this.position = Number((target as HTMLInputElement).value);
  }

  static override styles = [
    controls,
    css`
      :host {
        --size: min(20rem, 100%);
      }
      pill-choice {
        justify-content: center;
        margin-bottom: 0.75rem;
      }
      .pictures {
        position: relative;
        display: flex;
        flex-wrap: wrap;
        justify-content: center;
        gap: 1rem;
      }
      figure {
        width: var(--size);
        margin: 0;
      }
      canvas {
        display: block;
        width: 100%;
        aspect-ratio: 1;
        border: 8px solid var(--stamp);
        border-radius: 2px;
        background: var(--stamp);
        image-rendering: pixelated;
      }
      figcaption {
        padding-top: 0.35rem;
        color: var(--soft);
        font-size: 0.85rem;
        text-align: center;
        overflow-wrap: anywhere;
      }
      .swipe {
        display: grid;
        justify-content: center;
        gap: 0;
        grid-template-columns: var(--size);
      }
      .swipe figure {
        grid-area: 1 / 1;
        width: 100%;
      }
      .swipe .before {
        clip-path: inset(0 calc(100% - var(--position)) 0 0);
        z-index: 1;
      }
      .swipe figcaption {
        display: none;
      }
      .names {
        display: flex;
        justify-content: space-between;
        gap: 1rem;
        grid-area: 3 / 1;
        margin: 0;
        color: var(--soft);
        font-size: 0.85rem;
        overflow-wrap: anywhere;
      }
      .swipe .between,
      .beside .between,
      .difference .before,
      .difference .after {
        display: none;
      }
      .slider {
        grid-area: 2 / 1;
        width: 100%;
        height: 2.5rem;
        margin: 0;
        accent-color: var(--accent);
        cursor: ew-resize;
      }
      [hidden] {
        display: none;
      }
    `,
  ];
}

customElements.define('swipe-compare', SwipeCompare);
