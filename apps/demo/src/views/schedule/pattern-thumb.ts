import { css, html, LitElement, svg } from 'lit';
import { controls } from '../../ui/shared-styles.ts';
import { type Digit, kindOf } from './draft.ts';

/** Of a mark, in units of the drawing: where it begins and ends. */
const marks = { full: [0, 20], selective: [0, 12.4], reuse: [7.6, 12.4] } as const;

/** A pattern as a small barcode. */
export class PatternThumb extends LitElement {
  static override properties = { pattern: {} };
  declare pattern: string;

  constructor() {
    super();
    this.pattern = '';
  }

  override render() {
    const digits = [...this.pattern] as Digit[];
    return html`
      <svg
        viewBox="0 0 ${digits.length * 4} 20"
        preserveAspectRatio="none"
        aria-hidden="true"
        .style=${`max-width: ${digits.length * 0.5}rem`}
      >
        ${digits.map((digit, n) => {
          const kind = kindOf[digit];
          const [top, bottom] = marks[kind];
          return svg`<rect class=${kind} x=${n * 4 + 0.7} y=${top} width="2.6" height=${bottom - top} />`;
        })}
      </svg>
    `;
  }

  static override styles = [
    controls,
    css`
      svg {
        display: block;
        width: 100%;
        height: 100%;
      }
      .full {
        fill: var(--accent);
      }
      .selective {
        fill: var(--ink);
      }
      .reuse {
        fill: var(--soft);
      }
    `,
  ];
}

customElements.define('pattern-thumb', PatternThumb);
