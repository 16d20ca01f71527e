import { css, html, LitElement } from 'lit';
import type { RecordedStanding, RecordedStudy } from '../../recorded.ts';
import { controls } from '../../ui/shared-styles.ts';
import { tableStyles } from '../../ui/table-styles.ts';
import { familyOf } from './families.ts';
import { familyMark, markStyles } from './marks.ts';
import { cellsOf } from './standing-cells.ts';

/** The committed study: a table for each FLOP ratio, closest to the uncached run first. */
export class RecordedStandings extends LitElement {
  static override properties = { study: { attribute: false } };
  declare study: RecordedStudy;

  override render() {
    const { study } = this;
    const { date, adapter, runtime, file, steps, guidance, ours } = study;
    return html`
      <details>
        <summary>
          Recorded: every policy at its best settings
          <small>
            ${date}, ${adapter}, a software adapter that stands in for a GPU; <code>bench/results/${file}</code>
          </small>
        </summary>
        <p>
          emoji-dit, ${steps} steps, guidance ${guidance}, in ${runtime}. Settings were chosen on ${study.tuned} pictures and
          judged on others. The latent error is the distance of the final latents from the uncached run's, relative to those, over
          the ${study.everyRow} pictures that every row was drawn on. The other columns are over all pictures of a row:
          ${study.reported} for the ${study.best} best rivals and the rows of ${ours} that they are held against.
        </p>
        ${study.standings.map(({ ratio, rows }) => this.table(ratio, rows))}
      </details>
    `;
  }

  private table(ratio: number, rows: readonly RecordedStanding[]) {
    return html`
      <div tabindex="0" role="region" aria-label="Recorded at FLOP ratio ${ratio}">
        <table data-ratio=${ratio}>
          <caption>
            FLOP ratio ${ratio}
          </caption>
          <thead>
            <tr>
              <th scope="col">Policy</th>
              <th scope="col">FLOP ratio</th>
              <th scope="col">Latent error</th>
              <th scope="col">Further off than ${this.study.ours}, 95 % interval</th>
              <th scope="col">PSNR, dB</th>
              <th scope="col">GPU MiB</th>
              <th scope="col">Pictures</th>
            </tr>
          </thead>
          <tbody>
            ${rows.map((row) => this.row(row))}
          </tbody>
        </table>
      </div>
    `;
  }

  private row(row: RecordedStanding) {
    const { flopRatio, latentError, psnr, mebibytes, pictures, difference } = cellsOf(row);
    const ours = row.family === this.study.ours;
    return html`<tr class=${ours ? 'ours' : ''} data-row=${row.row}>
      <th scope="row">
        <span>${familyMark(familyOf(row.row))} ${row.row}</span>
      </th>
      <td>${flopRatio}</td>
      <td>${latentError}</td>
      <td>
        ${
          difference
            ? html`${difference.value} (${difference.interval}) <small>${difference.against}</small>`
            : ours
              ? ''
              : 'none is as fast'
        }
      </td>
      <td>${psnr}</td>
      <td>${mebibytes}</td>
      <td>${pictures}</td>
    </tr>`;
  }

  static override styles = [
    controls,
    tableStyles,
    markStyles,
    css`
      details {
        padding: 0.75rem 1rem;
        border-radius: var(--radius);
        background: var(--panel);
      }
      summary {
        cursor: pointer;
        font: 700 1.05rem var(--round);
      }
      summary small {
        display: block;
        margin-top: 0.25rem;
        font: 0.85rem var(--text);
      }
      p,
      small {
        color: var(--soft);
        overflow-wrap: anywhere;
      }
      p {
        margin: 0.75rem 0;
        font-size: 0.9rem;
      }
      div {
        overflow-x: auto;
        margin-top: 1rem;
      }
      caption {
        padding: 0.3rem 0.45rem;
        font: 700 1rem var(--round);
        text-align: left;
      }
      thead th,
      tbody th {
        white-space: normal;
      }
      thead th {
        vertical-align: bottom;
      }
      tbody th {
        min-width: 9.5rem;
        font-weight: 400;
        overflow-wrap: anywhere;
      }
      th span {
        display: flex;
        align-items: baseline;
        gap: 0.4rem;
      }
      /* Stays while the numbers scroll. */
      th:first-child {
        position: sticky;
        left: 0;
        background: var(--panel);
      }
      .ours,
      .ours th:first-child {
        background: var(--accent-wash);
      }
      .ours th,
      .ours td {
        font-weight: 700;
      }
      td small {
        display: block;
      }
    `,
  ];
}

customElements.define('recorded-standings', RecordedStandings);
