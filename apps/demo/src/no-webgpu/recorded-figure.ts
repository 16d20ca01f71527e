import recorded from 'virtual:recorded-results';
import { css, html, LitElement, svg } from 'lit';
import { controls } from '../ui/shared-styles.ts';
import { tableStyles } from '../ui/table-styles.ts';

type Row = (typeof recorded.rows)[number];

/** What this project measured elsewhere, for want of this device: seconds as bars, quality beside them. */
export class RecordedFigure extends LitElement {
  override render() {
    const slowest = Math.max(...recorded.rows.map(({ ms }) => ms));
    return html`
      <figure>
        <div class="scroll" tabindex="0" role="region" aria-label="Recorded results">
          <table>
            <thead>
              <tr>
                <th scope="col">Policy</th>
                <th scope="col" colspan="2">Loop, seconds</th>
                <th scope="col">Latency ratio</th>
                <th scope="col">FLOP ratio</th>
                <th scope="col">PSNR, dB</th>
              </tr>
            </thead>
            <tbody>
              ${recorded.rows.map((row) => this.row(row, slowest))}
            </tbody>
          </table>
        </div>
        <figcaption>
          emoji-dit, ${recorded.steps} steps, ${recorded.rows[0]?.pairs ?? 0} pictures a row; PSNR against the uncached picture of
          the same seed. Measured on ${recorded.date} with ${recorded.adapter}, a software adapter that stands
          in for a graphics card, in ${recorded.runtime} (<code>bench/results/${recorded.file}</code>).
        </figcaption>
      </figure>
    `;
  }

  private row({ row, ms, latencyRatio, flopRatio, psnr }: Row, slowest: number) {
    const uncached = row.startsWith('none');
    return html`
      <tr class=${uncached ? 'uncached' : 'cached'}>
        <th scope="row">${row}</th>
        <td class="bar">
          <svg aria-hidden="true">${svg`<rect height="100%" rx="4" width="${(100 * ms) / slowest}%" />`}</svg>
        </td>
        <td>${(ms / 1000).toFixed(1)}</td>
        <td>${latencyRatio.toFixed(2)}</td>
        <td>${flopRatio.executed.toFixed(2)}</td>
        <td>${typeof psnr === 'number' ? psnr.toFixed(1) : (psnr ?? '-')}</td>
      </tr>
    `;
  }

  static override styles = [
    controls,
    tableStyles,
    css`
      figure {
        margin: 0;
      }
      .scroll {
        overflow-x: auto;
      }
      .bar {
        width: 40%;
        min-width: 4rem;
      }
      svg {
        display: block;
        width: 100%;
        height: 0.9rem;
      }
      .uncached rect {
        fill: var(--soft);
      }
      .cached rect {
        fill: var(--accent);
      }
      figcaption {
        margin-top: 0.6rem;
        color: var(--soft);
        font-size: 0.85rem;
      }
      code {
        overflow-wrap: anywhere;
      }
    `,
  ];
}

customElements.define('recorded-figure', RecordedFigure);
