import { css, html, LitElement } from 'lit';
import './pattern-thumb.ts';
import { controls } from '../../ui/shared-styles.ts';

/** A schedule to take: its barcode, its name. A click on it is a click on the card. */
export class ScheduleCard extends LitElement {
  static override properties = { pattern: {}, name: {}, remark: {} };
  declare pattern: string;
  declare name: string;
  declare remark: string;

  constructor() {
    super();
    this.pattern = '';
    this.name = '';
    this.remark = '';
  }

  override render() {
    const { pattern, name, remark } = this;
    return html`<button type="button">
      <pattern-thumb .pattern=${pattern}></pattern-thumb>
      <span class="name">${name}</span>
      <span class="remark">${remark}</span>
    </button>`;
  }

  static override styles = [
    controls,
    css`
      button {
        display: grid;
        width: 100%;
        height: 100%;
        padding: 0.6rem 0.75rem;
        border: 2px solid var(--line);
        border-radius: 10px;
        background: var(--well);
        text-align: left;
        align-content: start;
      }
      button:hover {
        border-color: var(--soft);
      }
      pattern-thumb {
        height: 1.5rem;
        margin-bottom: 0.4rem;
      }
      .name {
        font: 700 0.92rem var(--round);
        overflow-wrap: anywhere;
      }
      .remark {
        color: var(--soft);
        font-size: 0.8rem;
        line-height: 1.3;
        overflow-wrap: anywhere;
      }
    `,
  ];
}

customElements.define('schedule-card', ScheduleCard);
