import { css, html, LitElement } from 'lit';
import { choiceStyles, fieldsetStyles } from './choice-styles.ts';
import { controls } from './shared-styles.ts';

export interface Choice {
  readonly value: string;
  readonly text: string;
}

/** One of a few, as a row of pills. Fires `choose` with the value. */
export class PillChoice extends LitElement {
  static override properties = { name: {}, choices: { attribute: false }, value: {} };
  /** What is chosen, for those who cannot see it. */
  declare name: string;
  declare choices: readonly Choice[];
  declare value: string;

  constructor() {
    super();
    this.name = '';
    this.choices = [];
    this.value = '';
  }

  override render() {
    return html`<fieldset>
      <legend class="visually-hidden">${this.name}</legend>
      ${this.choices.map(
        ({ value, text }) => html`<label>
          <input
            type="radio"
            name="choice"
            .checked=${value === this.value}
            @change=${() => this.dispatchEvent(new CustomEvent<string>('choose', { detail: value }))}
          />
          <span>${text}</span>
        </label>`,
      )}
    </fieldset>`;
  }

  static override styles = [
    controls,
    fieldsetStyles,
    css`
      fieldset {
        display: flex;
        flex-wrap: wrap;
        justify-content: inherit;
        gap: 0.25rem;
      }
      label {
        padding: 0.35rem 0.8rem;
        border: 1px solid var(--line);
        border-radius: 99px;
        font-size: 0.9rem;
      }
    `,
    choiceStyles,
  ];
}

customElements.define('pill-choice', PillChoice);
