import { css, html, LitElement } from 'lit';
import { parseNumber } from '../settings.ts';
import { fieldStyles } from './field-styles.ts';
import { controls } from './shared-styles.ts';

/**
 * A labelled number with a slider beside it. The slider covers the useful range; the box takes anything, and what the
 * pipeline does not accept it refuses with a sentence of its own. Fires `number-change` with the number.
 */
export class NumberField extends LitElement {
  static override properties = {
    label: {},
    value: { type: Number },
    min: { type: Number },
    max: { type: Number },
    step: { type: Number },
    slider: { type: Boolean },
  };
  declare label: string;
  declare value: number;
  declare min: number;
  declare max: number;
  declare step: number;
  declare slider: boolean;

  constructor() {
    super();
    this.label = '';
    this.value = 0;
    this.min = 0;
    this.max = 100;
    this.step = 1;
    this.slider = false;
  }

  override render() {
    const text = Number.isNaN(this.value) ? '' : String(this.value);
    return html`
      <label class="name" for="box">${this.label}</label>
      <div class="row">
        <input id="box" type="number" inputmode="decimal" step="any" .value=${text} @input=${this.changed} />
        ${
          this.slider
            ? html`<input
                type="range"
                aria-label="${this.label} slider"
                min=${this.min}
                max=${this.max}
                step=${this.step}
                .value=${text}
                @input=${this.changed}
              />`
            : html`<slot></slot>`
        }
      </div>
    `;
  }

  private changed({ target }: Event): void {
    const detail = parseNumber((target as HTMLInputElement).value);
    this.dispatchEvent(new CustomEvent<number>('number-change', { detail }));
  }

  static override styles = [
    controls,
    fieldStyles,
    css`
      .row {
        display: flex;
        align-items: center;
        gap: 0.6rem;
        height: 2.75rem;
      }
      input[type='number'] {
        width: 4.5rem;
        height: 100%;
        padding: 0 0.6rem;
        border: 1px solid var(--line);
        border-radius: 10px;
        background: var(--well);
        font-variant-numeric: tabular-nums;
        appearance: textfield;
      }
      :host(:not([slider])) input[type='number'] {
        flex: 1;
        min-width: 0;
      }
      input[type='number']::-webkit-inner-spin-button {
        display: none;
      }
      input[type='range'] {
        flex: 1;
        min-width: 3rem;
        height: 100%;
        margin: 0;
        accent-color: var(--accent);
      }
    `,
  ];
}

customElements.define('number-field', NumberField);
