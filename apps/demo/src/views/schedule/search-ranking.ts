import { css, html, LitElement, nothing } from 'lit';
import { printSegments, segmentLengths } from 'webdit';
import './pattern-thumb.ts';
import { controls } from '../../ui/shared-styles.ts';
import { ranking, type SearchRecord } from './search-run.ts';

/** Rows on show. */
const most = 8;

/** The patterns a search has scored, best first, each with a bar as long as its error. */
export class SearchRanking extends LitElement {
  static override properties = { record: { attribute: false } };
  declare record: SearchRecord;

  override render() {
    const ranked = ranking(this.record);
    if (ranked.length === 0) return nothing;
    const worst = ranked.at(-1)?.score || 1;
    return html`
      <table>
        <caption>
          Error of the final latents against the uncached run; lower is better
        </caption>
        <thead>
          <tr>
            <th scope="col">Pattern</th>
            <th scope="col">Segments</th>
            <th scope="col">Error</th>
          </tr>
        </thead>
        <tbody>
          ${ranked.slice(0, most).map(
            ({ pattern, score }) => html`<tr data-pattern=${pattern}>
              <td class="thumb"><pattern-thumb .pattern=${pattern}></pattern-thumb></td>
              <td>${printSegments(segmentLengths(pattern)).replaceAll('.', ' ')}</td>
              <td class="error">
                <span>${score.toFixed(4)}</span>
                <svg viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
                  <rect width=${(100 * score) / worst} height="4" />
                </svg>
              </td>
            </tr>`,
          )}
        </tbody>
      </table>
      ${ranked.length > most ? html`<p>and ${ranked.length - most} more, up to ${worst.toFixed(4)}</p>` : nothing}
    `;
  }

  static override styles = [
    controls,
    css`
      table {
        width: 100%;
        border-collapse: collapse;
        font-size: 0.85rem;
        font-variant-numeric: tabular-nums;
      }
      caption,
      p {
        margin: 0;
        color: var(--soft);
        font-size: 0.8rem;
        text-align: left;
      }
      caption {
        padding-bottom: 0.3rem;
      }
      th {
        color: var(--soft);
        font-weight: 400;
        text-align: left;
      }
      th,
      td {
        padding: 0.25rem 0.6rem 0.25rem 0;
      }
      tbody tr:first-child {
        font-weight: 700;
      }
      .thumb {
        width: 40%;
      }
      pattern-thumb {
        height: 1.1rem;
      }
      .error {
        width: 22%;
        padding-right: 0;
      }
      svg {
        display: block;
        width: 100%;
        height: 4px;
      }
      rect {
        fill: var(--accent);
      }
    `,
  ];
}

customElements.define('search-ranking', SearchRanking);
