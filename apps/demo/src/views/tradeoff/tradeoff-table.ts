import { css, html, LitElement } from 'lit';
import type { CompareSummary } from 'webdit';
import { controls } from '../../ui/shared-styles.ts';
import { tableStyles } from '../../ui/table-styles.ts';

/** The chart in numbers. Latency ratios are ratios of times, FLOP ratios of arithmetic. */
export class TradeoffTable extends LitElement {
  static override properties = { rows: { attribute: false } };
  declare rows: readonly CompareSummary[];

  constructor() {
    super();
    this.rows = [];
  }

  override render() {
    return html`
      <div tabindex="0" role="region" aria-label="Table of the measurements">
        <table>
          <thead>
            <tr>
              <th scope="col">Policy</th>
              <th scope="col">Loop, ms</th>
              <th scope="col">Latency ratio</th>
              <th scope="col">FLOP ratio</th>
              <th scope="col">PSNR, dB</th>
              <th scope="col">SSIM</th>
              <th scope="col">Pictures</th>
            </tr>
          </thead>
          <tbody>
            ${this.rows.map(
              (row) => html`<tr data-row=${row.row}>
                <th scope="row">${row.row} <small>${row.row.startsWith('none') ? '' : row.policy}</small></th>
                <td>${row.ms.toFixed(0)}</td>
                <td>${row.latencyRatio.toFixed(2)}</td>
                <td>${row.flopRatio.executed.toFixed(2)}</td>
                <td>${typeof row.psnr === 'number' ? row.psnr.toFixed(1) : (row.psnr ?? '-')}</td>
                <td>${row.ssim?.toFixed(4) ?? '-'}</td>
                <td>${row.pairs}</td>
              </tr>`,
            )}
          </tbody>
        </table>
      </div>
    `;
  }

  static override styles = [
    controls,
    tableStyles,
    css`
      div {
        overflow-x: auto;
      }
      small {
        display: block;
        max-width: 15rem;
        overflow-wrap: anywhere;
        white-space: normal;
        color: var(--soft);
        font-weight: 400;
      }
    `,
  ];
}

customElements.define('tradeoff-table', TradeoffTable);
