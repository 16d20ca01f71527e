import { css, html, LitElement, nothing } from 'lit';
import { type Catalogue, emptyCatalogue } from '../catalogue.ts';
import { findLabel, hasEmoji } from '../classes.ts';
import { requestSettings } from '../settings-change.ts';
import { fieldStyles } from './field-styles.ts';
import { controls } from './shared-styles.ts';

/** What to paint, in one line: by name or emoji, with what the model knows as suggestions; by number where it knows no names. */
export class LabelField extends LitElement {
  static override properties = { label: {}, catalogue: { attribute: false } };
  declare label: string;
  declare catalogue: Pick<Catalogue, 'classes' | 'numClasses'>;

  constructor() {
    super();
    this.label = '';
    this.catalogue = emptyCatalogue;
  }

  override render() {
    const { classes, numClasses } = this.catalogue;
    const numbered = classes.length === 0 && numClasses > 0;
    const emoji = findLabel(classes, this.label)?.emoji ?? '?';
    return html`
      <label class="name" for="box">${numbered ? `Class id, 0 to ${numClasses - 1}` : hasEmoji(classes) ? 'Emoji' : 'Class'}</label>
      <div class="row">
        ${hasEmoji(classes) ? html`<span class="emoji" aria-hidden="true">${emoji}</span>` : nothing}
        <input
          class="line"
          id="box"
          list=${numbered ? nothing : 'labels'}
          inputmode=${numbered ? 'numeric' : nothing}
          autocomplete="off"
          .value=${this.label}
          @change=${this.changed}
        />
        <datalist id="labels">${classes.map(({ label }) => html`<option value=${label}></option>`)}</datalist>
      </div>
    `;
  }

  private changed({ target }: Event): void {
    requestSettings(this, { label: (target as HTMLInputElement).value.trim() });
  }

  static override styles = [
    controls,
    fieldStyles,
    css`
      .row {
        display: flex;
        align-items: center;
        gap: 0.6rem;
      }
      .emoji {
        font: 1.7rem var(--emoji);
      }
    `,
  ];
}

customElements.define('label-field', LabelField);
