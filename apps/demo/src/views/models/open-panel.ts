import { css, html, LitElement, nothing } from 'lit';
import '../../ui/failure-panel.ts';
import './model-plan.ts';
import { chooseModel } from '../../models/choose-model.ts';
import { droppedModel, type ModelChoice, modelAt } from '../../models/model-choice.ts';
import { droppedFiles, pickedFiles } from '../../models/picked-files.ts';
import { loadsAtOnce, type PlannedModel, planChoice } from '../../models/planned-model.ts';
import { describe, type Failure, type Session, SessionWatch } from '../../session.ts';
import { fieldStyles } from '../../ui/field-styles.ts';
import { FileDrop } from '../../ui/file-drop.ts';
import { actionStyles, panelStyles } from '../../ui/panel-styles.ts';
import { controls } from '../../ui/shared-styles.ts';

/** Another model, from an address or from the visitor's own files. */
export class OpenPanel extends LitElement {
  static override properties = {
    session: { attribute: false },
    failure: { state: true },
    planned: { state: true },
    planning: { state: true },
  };
  declare session: Session;
  /** Why what was given is no model; what loading it says is told where the model in use is. */
  declare failure: Failure | null;
  /** What the model that was chosen last would take. */
  declare planned: PlannedModel | null;
  /** It is being read. */
  declare planning: boolean;

  private readonly drop = new FileDrop(this, (dropped) => {
    void this.choose(async () => droppedModel(await droppedFiles(dropped)));
  });

  constructor() {
    super();
    this.failure = null;
    this.planned = null;
    this.planning = false;
    new SessionWatch(this, () => this.session);
  }

  override render() {
    const { failure } = this;
    const off = this.off ? 'true' : 'false';
    return html`
      <section class="panel ${this.drop.over && !this.off ? 'over' : ''}" aria-label="Another model">
        <h2>Another model</h2>
        <form @submit=${this.submit}>
          <label class="name" for="address">Address of a model folder, or of a .safetensors file</label>
          <div class="row">
            <input
              class="line"
              id="address"
              type="text"
              inputmode="url"
              autocomplete="off"
              spellcheck="false"
              placeholder="https://… or hf:owner/name"
            />
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
        ${this.plan()}
      </section>
    `;
  }

  private plan() {
    const { planned, session } = this;
    return html`
      <p class="visually-hidden" role="status">${this.planning ? 'Reading what the model takes.' : ''}</p>
      ${
        planned
          ? html`<model-plan
              .planned=${planned}
              ?asks=${!this.off && session.model.key !== planned.choice.key && !loadsAtOnce(planned)}
              @load=${() => !this.off && chooseModel(this, planned.choice)}
              @leave=${this.leave}
            ></model-plan>`
          : nothing
      }
    `;
  }

  private get off(): boolean {
    return this.session.busy || this.session.blocked || this.planning;
  }

  private readonly leave = () => {
    this.planned = null;
  };

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

  private async choose(find: () => ModelChoice | Promise<ModelChoice>): Promise<void> {
    if (this.off) return;
    this.failure = null;
    this.planned = null;
    this.planning = true;
    try {
      const choice = await find();
      // The processor has other limits. What is no model is said of the load.
      const planned = this.session.onProcessor ? null : await planChoice(choice).catch(() => null);
      this.planned = planned;
      if (!planned || loadsAtOnce(planned)) chooseModel(this, choice);
    } catch (error) {
      this.failure = describe(error);
    } finally {
      this.planning = false;
    }
  }

  static override styles = [
    controls,
    panelStyles,
    actionStyles,
    fieldStyles,
    css`
      .panel.over {
        outline: 3px dashed var(--accent);
        outline-offset: -3px;
      }
      .row {
        display: flex;
        gap: 0.6rem;
      }
      p {
        margin: 0.9rem 0 0.75rem;
        color: var(--soft);
        font-size: 0.9rem;
      }
      failure-panel {
        margin: 0.9rem 0 0;
      }
    `,
  ];
}

customElements.define('open-panel', OpenPanel);
