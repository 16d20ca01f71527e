import { css, html, LitElement, type PropertyValues } from 'lit';
import './recorded-figure.ts';
import type { Session } from '../session.ts';
import { actionStyles, panelStyles } from '../ui/panel-styles.ts';
import { controls } from '../ui/shared-styles.ts';
import { advice, browsers } from './advice.ts';
import type { Obstacle } from './obstacle.ts';

/** The model's two files and the runtime's; a server that compresses sends the runtime as a quarter of its 14 MB. */
const download = '37 MB';

/** What the post office would say. */
const postmark = html`
  <svg class="postmark" viewBox="0 0 190 104" aria-hidden="true">
    <path d="M2 28q12-10 24 0t24 0t24 0M2 44q12-10 24 0t24 0t24 0M2 60q12-10 24 0t24 0t24 0M2 76q12-10 24 0t24 0t24 0" />
    <circle cx="136" cy="52" r="49" />
    <circle cx="136" cy="52" r="42" />
    <path d="M98 39h76M98 65h76" />
    <text x="136" y="32">no</text>
    <text class="large" x="136" y="58">WebGPU</text>
    <text x="136" y="80">here</text>
  </svg>
`;

/** For a browser without WebGPU: what is missing, where it is not, what others measured, and how to paint all the same. */
export class NoWebgpu extends LitElement {
  static override properties = {
    session: { attribute: false },
    obstacle: { attribute: false },
    /** Whether the visitor has chosen the processor: the panel then folds up. */
    onProcessor: { attribute: false },
  };
  declare session: Session;
  declare obstacle: Obstacle;
  declare onProcessor: boolean;

  override render() {
    const { title, code } = advice[this.obstacle];
    if (!this.onProcessor) {
      return html`
        <section class="panel" aria-labelledby="title">
          ${postmark}
          <div role="alert">
            <h2 id="title">${title}.</h2>
            <p>${advice[this.obstacle].meaning} Without it, WebDiT’s kernels and its caching have nothing to run on.</p>
            ${this.remedies()}
            <code>${code}</code>
          </div>
          ${this.offer()} ${this.more()}
        </section>
      `;
    }
    return html`
      <details class="panel">
        <summary><strong>${title}.</strong> Painting on the processor: uncached, not what WebDiT is about.</summary>
        <div class="unfolded">${this.remedies()} ${this.more()}</div>
      </details>
    `;
  }

  override updated(changed: PropertyValues<this>): void {
    // The button went with the panel: the focus stays with what is left of it.
    if (changed.get('onProcessor') === false) this.renderRoot.querySelector('summary')?.focus();
  }

  private remedies() {
    return html`
      <h3>What to try</h3>
      <ul>
        ${advice[this.obstacle].tries.map((item) => html`<li>${item}</li>`)}
      </ul>
    `;
  }

  private offer() {
    return html`
      <div class="offer">
        <button class="primary" type="button" @click=${this.choose}>
          Paint without WebGPU: uncached, on the processor
        </button>
        <p>
          Downloads ${download}, less where the server compresses. The same model and the same seeds, every step in full,
          through onnxruntime-web’s WebAssembly: it shows what is painted, not what caching saves.
        </p>
      </div>
    `;
  }

  private more() {
    return html`
      <div class="more">
        <div>
          <h3>Browsers that have WebGPU</h3>
          <dl>
            ${browsers.list.map(
              ({ name, versions }) => html`
                <dt>${name}</dt>
                <dd>${versions}</dd>
              `,
            )}
          </dl>
          <p class="source">
            From these versions on, as of ${browsers.asOf}; newer ones may do more. See the
            <a href=${browsers.source} rel="noreferrer">status page of the WebGPU group</a>.
          </p>
        </div>
        <div>
          <h3>What caching buys: recorded</h3>
          <recorded-figure></recorded-figure>
        </div>
      </div>
    `;
  }

  private choose(): void {
    this.session.useProcessor();
    this.dispatchEvent(new CustomEvent('paint'));
  }

  static override styles = [
    controls,
    panelStyles,
    actionStyles,
    css`
      :host {
        margin-bottom: clamp(0.9rem, 2.5vw, 1.75rem);
      }
      .panel {
        border-left: 4px solid var(--accent);
        padding: clamp(1rem, 2.5vw, 1.75rem);
      }
      .postmark {
        float: right;
        width: clamp(7rem, 20vw, 12rem);
        margin: -0.4rem -0.4rem 0.5rem 1rem;
        rotate: 7deg;
        fill: none;
        stroke: var(--accent);
        stroke-width: 2.4;
        stroke-linecap: round;
        opacity: 0.8;
      }
      .postmark text {
        fill: var(--accent);
        stroke: none;
        font: 700 13px var(--round);
        text-anchor: middle;
      }
      .postmark .large {
        font-size: 16px;
      }
      h2 {
        margin: 0 0 0.35rem;
        font-size: 1.35rem;
        text-wrap: balance;
      }
      h3 {
        margin: 1rem 0 0.4rem;
        font: 700 1rem var(--round);
      }
      p {
        margin: 0 0 0.5rem;
        max-width: 62ch;
      }
      ul {
        margin: 0 0 0.6rem;
        padding-left: 1.2rem;
      }
      li {
        margin-bottom: 0.25rem;
      }
      [role='alert'] > code {
        color: var(--soft);
        font-size: 0.8rem;
      }
      .offer {
        clear: both;
        display: grid;
        gap: 0.6rem 1.25rem;
        align-items: center;
        margin: 1.25rem 0 0.5rem;
        padding: 1rem;
        border-radius: var(--radius);
        background: var(--accent-wash);
      }
      .offer p {
        margin: 0;
        font-size: 0.9rem;
      }
      .more {
        display: grid;
        gap: 0 2.5rem;
        grid-template-columns: minmax(0, 1fr);
      }
      dl {
        margin: 0;
      }
      dt {
        font-weight: 700;
      }
      dd {
        margin: 0 0 0.5rem;
      }
      .source {
        color: var(--soft);
        font-size: 0.85rem;
      }
      a {
        color: inherit;
      }
      summary {
        cursor: pointer;
      }
      details.panel {
        padding: 0.7rem 1rem;
      }
      .unfolded {
        padding-top: 0.5rem;
      }
      @media (max-width: 480px) {
        .postmark {
          display: none;
        }
      }
      @media (min-width: 860px) {
        .offer {
          grid-template-columns: auto minmax(0, 1fr);
        }
        .more {
          grid-template-columns: minmax(0, 2fr) minmax(0, 3fr);
        }
      }
    `,
  ];
}

customElements.define('no-webgpu', NoWebgpu);
