import { css, html, LitElement, nothing } from 'lit';
import { type PatternLimits, printSegments, segmentLengths } from 'webdit';
import '../../ui/number-field.ts';
import { panelStyles } from '../../ui/panel-styles.ts';
import { controls } from '../../ui/shared-styles.ts';
import { markLegend, stepMarks } from '../../ui/step-marks.ts';
import type { Check, Draft } from './draft.ts';

const fields = [
  { key: 'budget', label: 'Full steps, at most', min: 1 },
  { key: 'reuseMin', label: 'Reused, at least', min: 0 },
  { key: 'reuseMax', label: 'Reused, at most', min: 0 },
] as const;

/** What the strip costs, and which of the paper's constraints it keeps. Fires `limits-change`. */
export class CostPanel extends LitElement {
  static override properties = { draft: { attribute: false }, check: { attribute: false } };
  declare draft: Draft;
  /** Null for a schedule that the model cannot run. */
  declare check: Check | null;

  override render() {
    const { draft, check } = this;
    return html`
      <h2>Cost</h2>
      ${check ? this.cost(check) : html`<p>Not known for a schedule that the model cannot run.</p>`}
      <h2>Constraints of the paper</h2>
      <div class="limits">
        ${fields.map(
          ({ key, label, min }) => html`<number-field
            label=${label}
            .min=${min}
            .value=${draft.limits[key]}
            @number-change=${({ detail }: CustomEvent<number>) => this.change({ [key]: detail })}
          ></number-field>`,
        )}
      </div>
      ${check ? this.constraints(check) : nothing}
    `;
  }

  private cost({ kinds, idle, flops }: Check) {
    const reused = segmentLengths(this.draft.schedule.pattern).map((length) => length - 1);
    return html`
      <ul class="legend" aria-label="Steps of each kind, as they run">
        <li><span class="mark full"></span>full <b>${kinds.full}</b></li>
        <li><span class="mark selective"></span>selective <b>${kinds.selective}</b></li>
        <li><span class="mark reuse"></span>reuse <b>${kinds.reuse}</b></li>
      </ul>
      ${
        idle.length === 0
          ? nothing
          : html`<p class="idle">
            ${idle.length === 1 ? '1 selective step recomputes' : `${idle.length} selective steps recompute`} no token
            this early, and ${idle.length === 1 ? 'runs' : 'run'} as reuse: hollow on the strip.
          </p>`
      }
      <dl>
        <div>
          <dt>FLOP ratio, as executed</dt>
          <dd class="executed">${flops.executed.ratio.toFixed(2)}</dd>
          <dd class="of">${giga(flops.executed.total)} of ${giga(flops.executed.uncached)} GFLOPs</dd>
        </div>
        <div>
          <dt>FLOP ratio, as papers count</dt>
          <dd class="published">${flops.published.ratio.toFixed(2)}</dd>
          <dd class="of">${giga(flops.published.total)} of ${giga(flops.published.uncached)} GFLOPs</dd>
        </div>
        <div class="wide">
          <dt>Reused after each full step, length x count</dt>
          <dd class="reused">${printSegments(reused).replaceAll('.', ' ')}</dd>
        </div>
      </dl>
      <p>Arithmetic only: what the clock says is for "Try it" to find out.</p>
    `;
  }

  private constraints({ broken }: Check) {
    if (broken.length === 0) return html`<p class="kept">✓ The strip keeps all of them.</p>`;
    return html`<ul class="broken" aria-label="Constraints that are broken">
      ${broken.map(
        ({ constraint, steps, sentence }) =>
          html`<li data-constraint=${constraint}>${sentence} <small>${where(steps)}</small></li>`,
      )}
    </ul>`;
  }

  private change(limits: Partial<PatternLimits>): void {
    this.dispatchEvent(new CustomEvent<Partial<PatternLimits>>('limits-change', { detail: limits }));
  }

  static override styles = [
    controls,
    panelStyles,
    stepMarks,
    markLegend,
    css`
      .legend {
        justify-content: start;
        margin-top: 0;
      }
      dl {
        display: grid;
        gap: 0.75rem 1.5rem;
        grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr));
        margin: 0.9rem 0;
        font-variant-numeric: tabular-nums;
      }
      .wide {
        grid-column: 1 / -1;
      }
      dt,
      small,
      p {
        color: var(--soft);
        font-size: 0.85rem;
      }
      dd {
        margin: 0;
        font-weight: 600;
      }
      .of {
        color: var(--soft);
        font-weight: 400;
        font-size: 0.85rem;
      }
      .executed,
      .published {
        font: 800 1.9rem / 1.15 var(--round);
      }
      p {
        margin: 0.5rem 0 0;
      }
      .wide + h2,
      p + h2 {
        margin-top: 1.25rem;
      }
      .limits {
        display: grid;
        gap: 0.75rem;
        grid-template-columns: repeat(auto-fit, minmax(7.5rem, 1fr));
        align-items: end;
      }
      .kept {
        margin-top: 0.75rem;
        color: var(--ink);
      }
      .broken {
        margin: 0.75rem 0 0;
        padding: 0;
        list-style: none;
      }
      .broken li {
        margin-top: 0.4rem;
        padding: 0.5rem 0.75rem;
        border-left: 4px dotted var(--alarm);
        border-radius: 6px;
        background: var(--well);
        font-size: 0.9rem;
      }
    `,
  ];
}

function giga(flops: number): string {
  return (flops / 1e9).toFixed(flops < 1e11 ? 1 : 0);
}

/** Steps counted from 1, as the strip does; the first few. */
function where(steps: readonly number[]): string {
  const named = steps.slice(0, 6).map((n) => n + 1);
  const list = `${named.join(', ')}${steps.length > named.length ? ', …' : ''}`;
  return steps.length === 1 ? `Step ${list}.` : `Steps ${list}.`;
}

customElements.define('cost-panel', CostPanel);
