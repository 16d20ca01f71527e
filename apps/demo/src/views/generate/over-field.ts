import { css, html, LitElement, nothing, type PropertyValues } from 'lit';
import '../../ui/number-field.ts';
import { type Over, startStrength } from '../../over.ts';
import { fieldStyles } from '../../ui/field-styles.ts';
import { FileDrop, firstFile } from '../../ui/file-drop.ts';
import { controls } from '../../ui/shared-styles.ts';

/** The picture to paint over, if any, and how much of it may change. Fires `over-change` with both, or null. */
export class OverField extends LitElement {
  static override properties = { over: { attribute: false } };
  declare over: Over | null;

  private readonly drop = new FileDrop(
    this,
    firstFile((file) => this.take(file)),
  );
  private shown: { readonly image: Blob; readonly url: string } | null = null;

  constructor() {
    super();
    this.over = null;
  }

  override willUpdate(changed: PropertyValues<this>): void {
    const { over } = this;
    if (!changed.has('over') || over?.image === this.shown?.image) return;
    this.forget();
    if (over) this.shown = { image: over.image, url: URL.createObjectURL(over.image) };
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.forget();
  }

  override render() {
    const { over, shown } = this;
    return html`
      <div class="field ${this.drop.over ? 'target' : ''}">
        ${over && shown ? html`<img src=${shown.url} alt="Picture to paint over: ${over.name}" />` : nothing}
        <div class="choice">
          <span class="name" id="name">Paint over a picture</span>
          <div class="row">
            <button type="button" aria-describedby="name" @click=${() => this.input.click()}>
              ${over ? 'Another' : 'Choose a picture'}
            </button>
            ${
              over
                ? html`<button type="button" aria-label="Remove the picture" @click=${() => this.change(null)}>
                    Remove
                  </button>`
                : nothing
            }
          </div>
          <input type="file" accept="image/*" aria-label="A picture to paint over" hidden @change=${this.picked} />
        </div>
        ${
          over
            ? html`<number-field
                  label="Strength"
                  slider
                  .min=${0}
                  .max=${1}
                  .step=${0.05}
                  .value=${over.strength}
                  @number-change=${({ detail: strength }: CustomEvent<number>) => this.change({ ...over, strength })}
                ></number-field>
                <p>0 keeps the picture, 1 paints a new one. It stays in this tab: no link holds it.</p>`
            : nothing
        }
      </div>
    `;
  }

  private take(image: File): void {
    this.change({ image, name: image.name, strength: this.over?.strength ?? startStrength });
  }

  private change(detail: Over | null): void {
    this.dispatchEvent(new CustomEvent<Over | null>('over-change', { detail }));
  }

  private picked(): void {
    const file = this.input.files?.[0];
    if (file) this.take(file);
    // The same file can be picked again.
    this.input.value = '';
  }

  private forget(): void {
    if (this.shown) URL.revokeObjectURL(this.shown.url);
    this.shown = null;
  }

  private get input(): HTMLInputElement {
    return this.renderRoot.querySelector('input[type=file]') as HTMLInputElement;
  }

  static override styles = [
    controls,
    fieldStyles,
    css`
      .field {
        display: flex;
        flex-wrap: wrap;
        align-items: end;
        gap: 0.6rem 1rem;
      }
      .target {
        outline: 3px dashed var(--accent);
        outline-offset: 4px;
        border-radius: 10px;
      }
      img {
        width: 4.25rem;
        height: 4.25rem;
        border: 1px solid var(--line);
        border-radius: 10px;
        background: var(--stamp);
        object-fit: cover;
      }
      .name {
        display: block;
        margin-bottom: 0.3rem;
        color: var(--soft);
        font-size: 0.85rem;
      }
      .choice {
        flex: 1 1 10rem;
      }
      .row {
        display: flex;
        flex-wrap: wrap;
        gap: 0.5rem;
      }
      button {
        height: 2.75rem;
        padding: 0 0.9rem;
        border: 1px solid var(--line);
        border-radius: 10px;
        background: var(--well);
      }
      button:hover {
        border-color: var(--soft);
      }
      number-field {
        flex: 1 1 12rem;
      }
      p {
        flex-basis: 100%;
        margin: 0;
        color: var(--soft);
        font-size: 0.85rem;
      }
    `,
  ];
}

customElements.define('over-field', OverField);
