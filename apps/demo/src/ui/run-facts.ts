import { css, html, LitElement, nothing } from 'lit';
import type { RunSummary } from '../run-summary.ts';
import { controls } from './shared-styles.ts';

/** What a finished run was, in numbers: its time is one, its arithmetic another. */
export class RunFacts extends LitElement {
  static override properties = { report: { attribute: false } };
  declare report: RunSummary | null;

  constructor() {
    super();
    this.report = null;
  }

  override render() {
    const { report } = this;
    if (!report) return nothing;
    return html`
      <dl>
        ${
          report.device === 'wasm'
            ? html`<dt>Painted by</dt>
                <dd>onnxruntime-web wasm on the CPU, uncached <small>not what WebDiT is about</small></dd>`
            : nothing
        }
        <dt>Policy</dt>
        <dd>
          <code>${report.policy}</code>${
            report.derived ? html` <small>derived: the model has no schedule for these steps</small>` : nothing
          }
        </dd>
        <dt>Loop</dt>
        <dd>${report.totals.ms.toFixed(0)} ms</dd>
        <dt>FLOP ratio</dt>
        <dd>${report.flopRatio.executed.toFixed(2)} <small>all steps full : this run, as executed</small></dd>
      </dl>
    `;
  }

  static override styles = [
    controls,
    css`
      dl {
        display: grid;
        gap: 0.25rem 0.9rem;
        grid-template-columns: auto minmax(0, 1fr);
        margin: 0;
        padding-top: 0.75rem;
        border-top: 1px dashed var(--line);
        font-size: 0.9rem;
        font-variant-numeric: tabular-nums;
      }
      dt {
        color: var(--soft);
      }
      dd {
        margin: 0;
      }
      code {
        overflow-wrap: anywhere;
      }
      small {
        color: var(--soft);
        font-size: 0.8rem;
      }
    `,
  ];
}

customElements.define('run-facts', RunFacts);
