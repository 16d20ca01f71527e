import { css, html, LitElement } from 'lit';
import { type EmojiClass, findLabel } from '../classes.ts';
import { requestSettings } from '../settings-change.ts';
import { controls } from './shared-styles.ts';

/** What to paint, by name or emoji, in one line; suggests what the model knows. */
export class LabelField extends LitElement {
  static override properties = { label: {}, classes: { attribute: false } };
  declare label: string;
  declare classes: readonly EmojiClass[];

  constructor() {
    super();
    this.label = '';
    this.classes = [];
  }

  override render() {
    const emoji = findLabel(this.classes, this.label)?.emoji ?? '?';
    return html`
      <label for="box">Emoji</label>
      <div class="row">
        <span class="emoji" aria-hidden="true">${emoji}</span>
        <input id="box" list="labels" autocomplete="off" .value=${this.label} @change=${this.changed} />
        <datalist id="labels">${this.classes.map(({ label }) => html`<option value=${label}></option>`)}</datalist>
      </div>
    `;
  }

  private changed({ target }: Event): void {
    requestSettings(this, { label: (target as HTMLInputElement).value.trim() });
  }

  static override styles = [
    controls,
    css`
      label {
        display: block;
        margin-bottom: 0.3rem;
        color: var(--soft);
        font-size: 0.85rem;
      }
      .row {
        display: flex;
        align-items: center;
        gap: 0.6rem;
      }
      .emoji {
        font: 1.7rem var(--emoji);
      }
      input {
        flex: 1;
        min-width: 0;
        height: 2.75rem;
        padding: 0 0.75rem;
        border: 1px solid var(--line);
        border-radius: 10px;
        background: var(--well);
      }
    `,
  ];
}

customElements.define('label-field', LabelField);
