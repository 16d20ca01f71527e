import { css, html, LitElement, nothing } from 'lit';
import type { StepKind } from 'webdit';
import type { Track } from '../session.ts';
import { controls } from './shared-styles.ts';
import { markLegend, stepMarks } from './step-marks.ts';

/** In the order of their cost. */
const kinds = ['full', 'selective', 'forecast', 'skip', 'reuse'] as const satisfies StepKind[];
/** Explained even where no step is of that kind. */
const usual: readonly StepKind[] = ['full', 'selective', 'reuse'];

/** Pixels. */
const widestCell = 14;

/** More marks than this would be thinner than a pixel; the pipeline takes no more steps anyway. */
const mostMarks = 1000;

/**
 * The steps of a run as a postal barcode, a mark for each: full steps tall, selective ones half as tall and raised, reused
 * ones short, those to come dots. Pointing at a mark, or walking there with the arrow keys, tells what it took.
 */
export class StepStrip extends LitElement {
  static override properties = {
    track: { attribute: false },
    planned: { type: Number },
    active: { state: true },
  };
  /** The run under way, or the last one. */
  declare track: Track | null;
  /** Steps of the next run, shown until there is a first one. */
  declare planned: number;
  declare active: number | null;

  constructor() {
    super();
    this.track = null;
    this.planned = 0;
    this.active = null;
  }

  override render() {
    const { track } = this;
    const done = track?.done ?? [];
    const planned = Number.isInteger(this.planned) ? Math.max(0, this.planned) : 0;
    const count = Math.min(mostMarks, track?.steps ?? planned);
    const active = this.active !== null && this.active < done.length ? this.active : null;
    return html`
      <div
        class="marks"
        .style=${`max-width: ${count * widestCell}px`}
        role=${done.length > 0 ? 'slider' : nothing}
        tabindex=${done.length > 0 ? 0 : nothing}
        aria-hidden=${done.length > 0 ? nothing : 'true'}
        aria-label="Look at a step"
        aria-valuemin="1"
        aria-valuemax=${done.length}
        aria-valuenow=${(active ?? 0) + 1}
        aria-valuetext=${this.describe(active ?? 0)}
        @pointermove=${this.point}
        @pointerdown=${this.point}
        @pointerleave=${this.leave}
        @focus=${this.enter}
        @blur=${this.leave}
        @keydown=${this.walk}
      >
        ${Array.from({ length: count }, (_, n) => {
          const kind = done[n]?.kind ?? 'pending';
          return html`<span class="cell ${n === active ? 'active' : ''}" data-n=${n} data-kind=${kind}
            ><span class="mark ${kind}"></span
          ></span>`;
        })}
        ${
          active === null
            ? nothing
            : html`<span class="flag" .style=${`--at: ${(active + 0.5) / count}`}>${this.describe(active)}</span>`
        }
      </div>
      <ul class="legend" aria-label="Kinds of steps">
        ${kinds
          .filter((kind) => usual.includes(kind) || done.some((step) => step.kind === kind))
          .map(
            (kind) => html`<li>
            <span class="mark ${kind}"></span>${kind}${
              done.length > 0 ? html` <b>${done.filter((step) => step.kind === kind).length}</b>` : nothing
            }
          </li>`,
          )}
      </ul>
      ${
        done.length > 0
          ? html`<p class="visually-hidden">Steps in order: ${done.map(({ kind }) => kind).join(', ')}.</p>`
          : nothing
      }
    `;
  }

  private describe(n: number): string {
    const step = this.track?.done[n];
    return step ? `Step ${n + 1}: ${step.kind}, ${milliseconds(step.ms)}` : '';
  }

  private point(event: PointerEvent): void {
    const cell = (event.target as Element).closest<HTMLElement>('[data-n]');
    if (cell) this.active = Number(cell.dataset.n);
  }

  private enter(): void {
    this.active ??= 0;
  }

  private leave(event: Event): void {
    // The keyboard's mark stays while the focus does.
    if (event.type === 'blur' || !this.renderRoot.querySelector('.marks:focus-visible')) this.active = null;
  }

  private walk(event: KeyboardEvent): void {
    const last = (this.track?.done.length ?? 0) - 1;
    const here = this.active ?? 0;
    const target = {
      ArrowRight: here + 1,
      ArrowUp: here + 1,
      ArrowLeft: here - 1,
      ArrowDown: here - 1,
      Home: 0,
      End: last,
    }[event.key];
    if (target === undefined) return;
    event.preventDefault();
    this.active = Math.min(last, Math.max(0, target));
  }

  static override styles = [
    controls,
    stepMarks,
    markLegend,
    css`
      .marks {
        position: relative;
        display: flex;
        height: 2.75rem;
        margin: 0 auto;
        border-radius: 4px;
        touch-action: pan-y;
      }
      .cell {
        display: flex;
        flex: 1 1 0;
        justify-content: center;
        min-width: 0;
        border-radius: 3px;
      }
      .cell.active {
        background: var(--line);
      }
      .mark.pending {
        opacity: 0.55;
      }
      .flag {
        position: absolute;
        bottom: calc(100% + 4px);
        left: calc(100% * var(--at));
        translate: calc(-100% * var(--at));
        padding: 0.15rem 0.55rem;
        border-radius: 6px;
        background: var(--ink);
        color: var(--ground);
        font-size: 0.85rem;
        font-variant-numeric: tabular-nums;
        white-space: nowrap;
        pointer-events: none;
      }
    `,
  ];
}

function milliseconds(ms: number): string {
  return `${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms`;
}

customElements.define('step-strip', StepStrip);
