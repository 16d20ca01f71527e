import { css, html, LitElement, nothing } from 'lit';
import '../../ui/failure-panel.ts';
import { chooseModel } from '../../models/choose-model.ts';
import { droppedModel, type ModelChoice, modelAt } from '../../models/model-choice.ts';
import { droppedFiles, pickedFiles } from '../../models/picked-files.ts';
import { describe, type Failure, type Session, SessionWatch } from '../../session.ts';
import { actionStyles, panelStyles } from '../../ui/panel-styles.ts';
import { controls } from '../../ui/shared-styles.ts';

/** Another model, from an address or from the visitor's own files. */
export class OpenPanel extends LitElement {
  static override properties = {
    session: { attribute: false },
    failure: { state: true },
    dropping: { state: true },
  };
  declare session: Session;
  /** Why what was given is no model; what loading it says is told where the model in use is. */
  declare failure: Failure | null;
  declare dropping: boolean;

  constructor() {
    super();
    this.failure = null;
    this.dropping = false;
    new SessionWatch(this, () => this.session);
  }

  override render() {
    const { failure } = this;
    const off = this.off ? 'true' : 'false';
    return html`
      <section
        class="panel ${this.dropping ? 'over' : ''}"
        aria-label="Another model"
        @dragover=${this.over}
        @dragleave=${this.leave}
        @drop=${this.drop}
      >
        <h2>Another model</h2>
        <form @submit=${this.submit}>
          <label for="address">Address of a model folder, or of a .safetensors file</label>
          <div class="row">
            <input id="address" type="text" inputmode="url" autocomplete="off" spellcheck="false" placeholder="https://" />
            <button class="secondary" type="submit" aria-disabled=${off}>Load</button>
          </div>
        </form>
        <p>
          Or drop a folder here, or choose one. Nothing of it leaves this tab. WebDiT reads original DiT files, diffusers’ DiT
          folders and its own.
        </p>
        <div class="act">
          <label class="secondary file" aria-disabled=${off}>
            Choose a folder
            <input class="visually-hidden" type="file" webkitdirectory ?disabled=${this.off} @change=${this.pick} />
          </label>
          <label class="secondary file" aria-disabled=${off}>
            Choose files
            <input
              class="visually-hidden"
              type="file"
              multiple
              accept=".safetensors,.json"
              ?disabled=${this.off}
              @change=${this.pick}
            />
          </label>
        </div>
        ${failure ? html`<failure-panel .failure=${failure}></failure-panel>` : nothing}
      </section>
    `;
  }

  private get off(): boolean {
    return this.session.busy || this.session.blocked;
  }

  private submit(event: Event): void {
    event.preventDefault();
    const { value } = this.renderRoot.querySelector('#address') as HTMLInputElement;
    void this.choose(() => modelAt(value, document.baseURI));
  }

  private pick({ target }: Event): void {
    const input = target as HTMLInputElement;
    const files = [...(input.files ?? [])];
    // The same folder can be picked again.
    input.value = '';
    void this.choose(() => droppedModel(pickedFiles(files)));
  }

  private over(event: DragEvent): void {
    event.preventDefault();
    this.dropping = !this.off;
  }

  private leave(event: DragEvent): void {
    // Going over to a child is not leaving.
    const panel = event.currentTarget as Element;
    if (!panel.contains(event.relatedTarget as Node | null)) this.dropping = false;
  }

  private drop(event: DragEvent): void {
    event.preventDefault();
    this.dropping = false;
    const { dataTransfer } = event;
    if (dataTransfer) void this.choose(async () => droppedModel(await droppedFiles(dataTransfer)));
  }

  private async choose(find: () => ModelChoice | Promise<ModelChoice>): Promise<void> {
    if (this.off) return;
    this.failure = null;
    try {
      chooseModel(this, await find());
    } catch (error) {
      this.failure = describe(error);
    }
  }

  static override styles = [
    controls,
    panelStyles,
    actionStyles,
    css`
      .panel.over {
        outline: 3px dashed var(--accent);
        outline-offset: -3px;
      }
      form label {
        display: block;
        margin-bottom: 0.3rem;
        color: var(--soft);
        font-size: 0.85rem;
      }
      .row {
        display: flex;
        gap: 0.6rem;
      }
      #address {
        flex: 1;
        min-width: 0;
        height: 2.75rem;
        padding: 0 0.75rem;
        border: 1px solid var(--line);
        border-radius: 10px;
        background: var(--well);
      }
      p {
        margin: 0.9rem 0 0.75rem;
        color: var(--soft);
        font-size: 0.9rem;
      }
      .file {
        display: grid;
        place-items: center;
        cursor: pointer;
      }
      .file:has(:focus-visible) {
        outline: 3px solid var(--accent);
        outline-offset: 2px;
      }
      failure-panel {
        margin: 0.9rem 0 0;
      }
    `,
  ];
}

customElements.define('open-panel', OpenPanel);
