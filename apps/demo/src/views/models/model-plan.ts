import { css, html, LitElement, nothing } from 'lit';
import '../../ui/failure-panel.ts';
import { downloadOf, type PlannedModel, runsOf } from '../../models/planned-model.ts';
import { bytesText } from '../../ui/bytes.ts';
import { fact, factStyles } from '../../ui/facts.ts';
import { actionStyles } from '../../ui/panel-styles.ts';
import { controls } from '../../ui/shared-styles.ts';

/** What a model would take, said before it is loaded. Where that is asked, fires `load` or `leave`. */
export class ModelPlan extends LitElement {
  static override properties = { planned: { attribute: false }, asks: { type: Boolean } };
  declare planned: PlannedModel;
  declare asks: boolean;

  constructor() {
    super();
    this.asks = false;
  }

  override render() {
    const { planned, asks } = this;
    const { plan, choice } = planned;
    const { none } = runsOf(plan);
    const download = downloadOf(planned);
    return html`
      <h3>${choice.name}</h3>
      <dl>
        ${fact('Download', download > 0 ? bytesText(download) : 'nothing: the files are yours')}
        ${none.fits ? this.memory() : nothing}
        ${fact(plan.adapter ? 'On this GPU' : 'On any GPU', none.fits ? 'it fits' : 'it does not fit')}
      </dl>
      ${none.refusal ? html`<failure-panel .failure=${none.refusal}></failure-panel>` : this.remark()}
      ${asks ? this.actions(none.fits, download) : nothing}
    `;
  }

  private memory() {
    const { plan } = this.planned;
    const { none, cached } = runsOf(plan);
    const policy = typeof cached.cache === 'string' ? cached.cache : cached.cache.policy;
    return [
      ['GPU memory for its weights', plan.dtypes[0]?.weights],
      ['and to paint', none.total],
      [`the same, with ${policy}`, cached.total],
    ].map(([name, bytes]) => (typeof bytes === 'number' ? fact(String(name), bytesText(bytes)) : nothing));
  }

  private actions(fits: boolean, download: number) {
    return html`<div class="act">
      ${
        fits
          ? html`<button class="primary" type="button" @click=${() => this.answer('load')}>
              Load ${bytesText(download)}
            </button>`
          : nothing
      }
      <button class="secondary" type="button" @click=${() => this.answer('leave')}>Leave it</button>
    </div>`;
  }

  private remark() {
    const { numInferenceSteps, guidanceScale } = this.planned.plan;
    return html`<p>
      For ${numInferenceSteps} steps at guidance ${guidanceScale}. The browser does not say how much memory the graphics card
      has; this is what its limits allow.
    </p>`;
  }

  private answer(name: 'load' | 'leave'): void {
    this.dispatchEvent(new CustomEvent(name));
  }

  static override styles = [
    controls,
    actionStyles,
    factStyles,
    css`
      :host {
        display: block;
        margin-top: 1rem;
        padding-top: 0.9rem;
        border-top: 1px solid var(--line);
      }
      h3 {
        margin: 0 0 0.6rem;
        font: 700 1rem var(--round);
        overflow-wrap: anywhere;
      }
      p {
        margin: 0.75rem 0 0;
        color: var(--soft);
        font-size: 0.85rem;
      }
      .act {
        margin-top: 0.9rem;
      }
      .primary {
        flex: 0 1 auto;
      }
      failure-panel {
        margin: 0.9rem 0 0;
      }
    `,
  ];
}

customElements.define('model-plan', ModelPlan);
