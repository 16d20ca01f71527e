import { css, html, LitElement, nothing } from 'lit';
import type { CompareSummary } from 'webdit';
import '../../ui/swipe-compare.ts';
import type { Picture } from '../../measurements.ts';
import { formatRoute } from '../../route.ts';
import type { Settings } from '../../settings.ts';
import { actionStyles } from '../../ui/panel-styles.ts';
import { controls } from '../../ui/shared-styles.ts';
import { familyOf } from './families.ts';

/** A point of the chart: its picture against the uncached one, and the settings that draw it again. */
export class TradeoffDetail extends LitElement {
  static override properties = {
    summary: { attribute: false },
    uncached: { attribute: false },
    picture: { attribute: false },
    settings: { attribute: false },
  };
  declare summary: CompareSummary;
  declare uncached: Picture | null;
  /** Null when the row has been measured on other seeds or labels only. */
  declare picture: Picture | null;
  declare settings: Settings;

  override render() {
    const { summary, uncached, picture, settings } = this;
    const { row, steps, policy, sampler, ms, latencyRatio, flopRatio } = summary;
    // Links carry no sampler: every view draws with the model's.
    const otherSampler = familyOf(row) === 'DPM-Solver++';
    const cache = row.startsWith('none') ? 'none' : row;
    const link = formatRoute({ view: 'generate', settings: { ...settings, steps, cache } });
    return html`
      <h2>${row}</h2>
      <p>
        ${steps} steps ${otherSampler ? html`of <code>${sampler}</code>` : html`by <code>${policy}</code>`}: ${ms.toFixed(0)} ms, ${latencyRatio.toFixed(2)} times faster by the
        clock, ${flopRatio.executed.toFixed(2)} times less arithmetic.
        ${otherSampler ? nothing : html`<a href=${link}>Paint with it</a>`}
      </p>
      ${
        uncached && picture
          ? html`<swipe-compare
              .first=${imageOf(uncached)}
              .second=${imageOf(picture)}
              beforeName="uncached"
              afterName=${row}
            ></swipe-compare>`
          : html`<p>Not measured for ${settings.label}, seed ${settings.seed}, yet.</p>`
      }
    `;
  }

  static override styles = [
    controls,
    actionStyles,
    css`
      :host {
        margin: 0.5rem 0 1.5rem;
      }
      h2 {
        margin: 0;
        font: 700 1.05rem var(--round);
        overflow-wrap: anywhere;
      }
      p {
        margin: 0.25rem 0 1rem;
        color: var(--soft);
        font-size: 0.9rem;
        overflow-wrap: anywhere;
      }
      a {
        color: inherit;
      }
    `,
  ];
}

const images = new WeakMap<Picture, ImageData>();

/** The same one for the same picture, so that nothing is drawn anew without need. */
function imageOf(picture: Picture): ImageData {
  const known = images.get(picture);
  if (known) return known;
  const image = new ImageData(new Uint8ClampedArray(picture.data), picture.width, picture.height);
  images.set(picture, image);
  return image;
}

customElements.define('tradeoff-detail', TradeoffDetail);
