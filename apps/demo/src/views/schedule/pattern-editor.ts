import { css, html, LitElement, nothing } from 'lit';
import { controls } from '../../ui/shared-styles.ts';
import { stepMarks } from '../../ui/step-marks.ts';
import { type Digit, digitAfter, kindOf } from './draft.ts';

/** One step of the pattern, to be computed in another way. */
export interface StepEdit {
  readonly n: number;
  readonly digit: Digit;
  /** The first edit of a click, a key or a drag. */
  readonly first: boolean;
}

/** Keys that set a kind, and those that change it by one: upwards costs more. */
const digitKeys: Readonly<Record<string, Digit>> = { f: '1', s: '2', r: '0' };
const dearer: Readonly<Record<Digit, Digit>> = { '0': '2', '2': '1', '1': '1' };
const cheaper: Readonly<Record<Digit, Digit>> = { '1': '2', '2': '0', '0': '0' };

/**
 * A pattern as a postal barcode with a cell for each step. A click or Enter goes on to the next kind, a drag paints that kind over
 * other steps; the arrow keys walk (left, right) and change (up, down). Fires `step-edit`; who listens decides whether the
 * pattern changes.
 */
export class PatternEditor extends LitElement {
  static override properties = {
    pattern: {},
    idle: { attribute: false },
    marked: { attribute: false },
    active: { state: true },
  };
  declare pattern: string;
  /** Selective steps that recompute no token. */
  declare idle: readonly number[];
  /** Steps that a constraint is broken at. */
  declare marked: readonly number[];
  /** The cell that the keyboard reaches. */
  declare active: number;
  /** A press that may become a drag: where it began, what it paints, where it is. */
  private stroke: { readonly start: number; readonly digit: Digit; at: number } | null = null;
  private dragged = false;

  constructor() {
    super();
    this.pattern = '';
    this.idle = [];
    this.marked = [];
    this.active = 0;
  }

  override render() {
    const { pattern, idle, marked } = this;
    const active = Math.min(this.active, pattern.length - 1);
    return html`
      <div
        class="cells"
        role="group"
        aria-label="Strip"
        aria-describedby="help"
        @pointerdown=${this.press}
        @pointermove=${this.drag}
        @pointerup=${this.release}
        @pointercancel=${this.release}
        @keydown=${this.key}
        @click=${this.advance}
      >
        ${[...pattern].map((digit, n) => {
          const kind = kindOf[digit as Digit];
          const without = idle.includes(n);
          const numbered = n === 0 || (n + 1) % 5 === 0;
          return html`<button
            type="button"
            class=${marked.includes(n) ? 'marked' : ''}
            tabindex=${n === active ? 0 : -1}
            data-n=${n}
            data-kind=${kind}
            aria-label="Step ${n + 1}: ${kind}${without ? ', recomputes no token' : ''}"
          ><span class="bar"><span class="mark ${kind} ${without ? 'idle' : ''}"></span></span
            ><span class="number">${numbered ? n + 1 : nothing}</span></button>`;
        })}
      </div>
      <p id="help">
        Click a step to change it, drag to paint. With the keyboard:
        <kbd>←</kbd> <kbd>→</kbd> walk, <kbd>↑</kbd> <kbd>↓</kbd> change, <kbd>F</kbd> full, <kbd>S</kbd> selective,
        <kbd>R</kbd> reuse.
      </p>
    `;
  }

  private cellOf(element: Element | null | undefined): number | null {
    const cell = element?.closest<HTMLElement>('[data-n]');
    return cell ? Number(cell.dataset.n) : null;
  }

  private press(event: PointerEvent): void {
    this.dragged = false;
    const n = this.cellOf(event.target as Element);
    this.stroke = n === null ? null : { start: n, digit: digitAfter[this.pattern[n] as Digit], at: n };
    if (n !== null) this.active = n;
  }

  private drag(event: PointerEvent): void {
    const { stroke } = this;
    // A button let go outside is told of by no event.
    if (!stroke || (event.buttons & 1) === 0) return;
    const n = this.cellOf(this.shadowRoot?.elementFromPoint(event.clientX, event.clientY));
    if (n === null || n === stroke.at) return;
    if (!this.dragged) this.edit(stroke.start, stroke.digit, true);
    this.dragged = true;
    stroke.at = n;
    this.edit(n, stroke.digit, false);
  }

  private release(): void {
    this.stroke = null;
  }

  private advance(event: MouseEvent): void {
    const n = this.cellOf(event.target as Element);
    // A drag that ends where it began has painted already.
    if (n !== null && !this.dragged) this.edit(n, digitAfter[this.pattern[n] as Digit], true);
    this.dragged = false;
  }

  private key(event: KeyboardEvent): void {
    const n = this.cellOf(event.target as Element);
    if (n === null || event.ctrlKey || event.metaKey || event.altKey) return;
    const last = this.pattern.length - 1;
    const here = this.pattern[n] as Digit;
    const target = { ArrowRight: Math.min(last, n + 1), ArrowLeft: Math.max(0, n - 1), Home: 0, End: last }[event.key];
    const digit = { ArrowUp: dearer[here], ArrowDown: cheaper[here] }[event.key] ?? digitKeys[event.key.toLowerCase()];
    if (target === undefined && digit === undefined) return;
    event.preventDefault();
    if (target === undefined) {
      if (digit !== here) this.edit(n, digit as Digit, true);
      return;
    }
    this.active = target;
    this.renderRoot.querySelector<HTMLElement>(`[data-n="${target}"]`)?.focus();
  }

  private edit(n: number, digit: Digit, first: boolean): void {
    this.dispatchEvent(new CustomEvent<StepEdit>('step-edit', { detail: { n, digit, first } }));
  }

  static override styles = [
    controls,
    stepMarks,
    css`
      :host {
        container-type: inline-size;
      }
      .cells {
        display: grid;
        grid-template-columns: repeat(10, minmax(0, 1fr));
        row-gap: 0.5rem;
        touch-action: pan-y;
        user-select: none;
      }
      button {
        display: grid;
        grid-template-rows: 3.25rem 1.1rem;
        gap: 0.2rem;
        padding: 0.25rem 0 0;
        border: 0;
        border-radius: 6px;
        background: none;
        color: var(--soft);
        touch-action: pan-y;
      }
      button:hover {
        background: var(--line);
      }
      button:focus-visible {
        z-index: 1;
      }
      .bar {
        display: flex;
        justify-content: center;
        padding-bottom: 3px;
        border-bottom: 3px dotted transparent;
      }
      .marked .bar {
        border-color: var(--alarm);
      }
      .mark {
        width: min(64%, 0.9rem);
      }
      .mark.idle {
        border: 2px solid var(--ink);
        background: none;
      }
      .number {
        font-size: 0.72rem;
        font-variant-numeric: tabular-nums;
        text-align: center;
      }
      p {
        margin: 0.75rem 0 0;
        color: var(--soft);
        font-size: 0.85rem;
      }
      kbd {
        padding: 0 0.35em;
        border: 1px solid var(--line);
        border-radius: 4px;
        background: var(--well);
        font: inherit;
      }
      @container (min-width: 34rem) {
        .cells {
          grid-template-columns: repeat(20, minmax(0, 1fr));
        }
      }
      @container (min-width: 48rem) {
        .cells {
          grid-template-columns: repeat(25, minmax(0, 1fr));
        }
        button {
          grid-template-rows: 4rem 1.1rem;
        }
      }
    `,
  ];
}

customElements.define('pattern-editor', PatternEditor);
