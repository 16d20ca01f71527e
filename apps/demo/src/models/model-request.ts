import { css, html, LitElement, nothing } from 'lit';
import '../ui/failure-panel.ts';
import { describe, type Session, SessionWatch } from '../session.ts';
import { actionStyles, panelStyles } from '../ui/panel-styles.ts';
import { loadingBar } from '../ui/progress-bar.ts';
import { controls } from '../ui/shared-styles.ts';
import { chooseModel } from './choose-model.ts';
import { droppedName, type ModelChoice, modelAt, ownModel } from './model-choice.ts';

/** Asks before a model is loaded that a link names. Fires `model-chosen`, or `dismiss`. */
export class ModelRequest extends LitElement {
  static override properties = { session: { attribute: false }, asked: {} };
  declare session: Session;
  /** Key of the model. */
  declare asked: string;

  constructor() {
    super();
    new SessionWatch(this, () => this.session);
  }

  override render() {
    return html`<section class="panel" aria-label="Model of this link">${this.question()}</section>`;
  }

  private question() {
    const { session, asked } = this;
    const folder = droppedName(asked);
    if (folder !== null) {
      return html`
        <p>
          This link was made with a model from a folder, <b>${folder}</b>, which no address leads to. Drop the folder under
          Models to paint with it.
        </p>
        <div class="act">${this.later(`Keep ${session.modelName}`)}</div>
      `;
    }
    let model: ModelChoice;
    try {
      model = asked === '' ? ownModel(session.modelUrl) : modelAt(asked, document.baseURI);
    } catch (error) {
      const { message, remedy } = describe(error);
      return html`<p>This link names a model that is not loaded: ${message} ${remedy}</p>
        <div class="act">${this.later(`Keep ${session.modelName}`)}</div>`;
    }
    return html`
      <p>
        ${
          asked === ''
            ? html`This link paints with the page’s own model, <b>${model.name}</b>.`
            : html`This link paints with another model, <code>${asked}</code>. Load it if you trust who runs
                <b>${new URL(asked, document.baseURI).host}</b>: the files come from there.`
        }
      </p>
      ${this.status()}
      <div class="act">
        <button
          class="primary"
          type="button"
          aria-disabled=${session.busy ? 'true' : 'false'}
          @click=${() => !session.busy && chooseModel(this, model)}
        >
          Load ${model.name}
        </button>
        ${this.later(`Keep ${session.modelName}`)}
      </div>
    `;
  }

  private later(text: string) {
    const { session } = this;
    return html`<button
      class="secondary"
      type="button"
      aria-disabled=${session.busy ? 'true' : 'false'}
      @click=${() => !session.busy && this.dispatchEvent(new CustomEvent('dismiss'))}
    >
      ${text}
    </button>`;
  }

  private status() {
    const phase = this.session.phaseOf('models');
    if (phase.name === 'failed') return html`<failure-panel .failure=${phase.failure}></failure-panel>`;
    return phase.name === 'loading' ? loadingBar(phase) : nothing;
  }

  static override styles = [
    controls,
    panelStyles,
    actionStyles,
    css`
      .panel {
        margin-bottom: 1rem;
        border-left: 4px solid var(--accent);
      }
      p {
        margin: 0 0 0.75rem;
        overflow-wrap: anywhere;
      }
      .primary {
        flex: 0 1 auto;
      }
      failure-panel {
        margin: 0 0 0.75rem;
      }
    `,
  ];
}

customElements.define('model-request', ModelRequest);
