import { css, html, LitElement } from 'lit';
import type { DuelResult } from 'webdit';
import type { Settings } from '../../settings.ts';
import { factStyles } from '../../ui/facts.ts';
import { controls } from '../../ui/shared-styles.ts';

/** A comparison in numbers. Time and arithmetic are two ratios and never one. */
export class DuelFacts extends LitElement {
  static override properties = { result: { attribute: false }, settings: { attribute: false } };
  declare result: DuelResult;
  declare settings: Settings;

  override render() {
    const { result, settings } = this;
    const { rounds, psnr, ssim, latentError, cached } = result;
    const times = (side: 'uncachedMs' | 'cachedMs') => rounds.map((round) => round[side].toFixed(0)).join(', ');
    const decibels = psnr === null ? '-' : psnr === 'identical' ? 'identical' : `${psnr.toFixed(1)} dB`;
    const count = rounds.length === 1 ? '1 round' : `median of ${rounds.length} rounds`;
    return html`
      <dl>
        <div class="big">
          <dt>Latency ratio</dt>
          <dd>${result.latencyRatio.toFixed(2)} <small>times faster, ${count}</small></dd>
        </div>
        <div class="big">
          <dt>FLOP ratio</dt>
          <dd>${result.flopRatio.toFixed(2)} <small>times less arithmetic, as executed</small></dd>
        </div>
        <div>
          <dt>PSNR</dt>
          <dd>${decibels}</dd>
        </div>
        <div>
          <dt>SSIM</dt>
          <dd>${ssim === null ? '-' : ssim.toFixed(4)}</dd>
        </div>
        <div>
          <dt>Error of the latents</dt>
          <dd>${latentError.toFixed(4)}</dd>
        </div>
        <div>
          <dt>Uncached loop</dt>
          <dd>${times('uncachedMs')} ms</dd>
        </div>
        <div>
          <dt>Cached loop</dt>
          <dd>${times('cachedMs')} ms</dd>
        </div>
      </dl>
      <p>
        ${settings.label}, seed ${settings.seed}, ${settings.steps} steps, guidance ${settings.guidance}:
        <code>${cached.report.policy}</code> against uncached.
      </p>
    `;
  }

  static override styles = [
    controls,
    factStyles,
    css`
      :host {
        max-width: 34rem;
        margin: 1.25rem auto 0;
      }
      dl {
        grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr));
      }
      .big {
        grid-column: span 1;
      }
      .big dd {
        font: 800 1.9rem / 1.15 var(--round);
      }
      small {
        display: block;
        color: var(--soft);
        font: 0.8rem var(--text);
      }
      p {
        color: var(--soft);
        font-size: 0.85rem;
        overflow-wrap: anywhere;
      }
    `,
  ];
}

customElements.define('duel-facts', DuelFacts);
