import { css, html, LitElement } from 'lit';
import './number-field.ts';
import { rollSeed } from '../settings.ts';
import { requestSettings } from '../settings-change.ts';
import { controls } from './shared-styles.ts';

/** The seed, and a dice that rolls another one. */
export class SeedField extends LitElement {
  static override properties = { value: { type: Number } };
  declare value: number;

  constructor() {
    super();
    this.value = 0;
  }

  override render() {
    return html`
      <number-field
        label="Seed"
        .value=${this.value}
        @number-change=${({ detail }: CustomEvent<number>) => requestSettings(this, { seed: detail })}
      >
        <button
          type="button"
          aria-label="Roll another seed"
          title="Roll another seed"
          @click=${() => requestSettings(this, { seed: rollSeed() })}
        >
          <svg viewBox="0 0 24 24" aria-hidden="true">
            <rect x="3" y="3" width="18" height="18" rx="5" />
            <circle cx="8" cy="8" r="1.6" /><circle cx="16" cy="8" r="1.6" /><circle cx="12" cy="12" r="1.6" />
            <circle cx="8" cy="16" r="1.6" /><circle cx="16" cy="16" r="1.6" />
          </svg>
        </button>
      </number-field>
    `;
  }

  static override styles = [
    controls,
    css`
      button {
        display: grid;
        place-items: center;
        flex: none;
        width: 2.75rem;
        height: 2.75rem;
        padding: 0;
        border: 1px solid var(--line);
        border-radius: 10px;
        background: var(--well);
      }
      svg {
        width: 1.5rem;
        fill: var(--ink);
      }
      rect {
        fill: none;
        stroke: var(--ink);
        stroke-width: 1.6;
      }
      button:active svg {
        transform: rotate(90deg);
      }
    `,
  ];
}

customElements.define('seed-field', SeedField);
