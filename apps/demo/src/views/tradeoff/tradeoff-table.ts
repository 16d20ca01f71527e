import { css, html, LitElement } from 'lit';
import type { CompareSummary } from 'webdit';
import { controls } from '../../ui/shared-styles.ts';

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
    css`
      div {
        overflow-x: auto;
      }
      table {
        width: 100%;
        border-collapse: collapse;
        font-size: 0.9rem;
        font-variant-numeric: tabular-nums;
      }
      th,
      td {
        padding: 0.4rem 0.45rem;
        border-bottom: 1px solid var(--line);
        text-align: right;
        white-space: nowrap;
      }
      thead th {
        color: var(--soft);
        font-weight: 400;
      }
      th:first-child {
        text-align: left;
      }
      small {
        display: block;
        color: var(--soft);
        font-weight: 400;
      }
    `,
  ];
}

customElements.define('tradeoff-table', TradeoffTable);
