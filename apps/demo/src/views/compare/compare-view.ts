import { css, html, LitElement, nothing } from 'lit';
import '../../ui/cache-picker.ts';
import '../../ui/failure-panel.ts';
import '../../ui/label-field.ts';
import '../../ui/seed-field.ts';
import '../../ui/steps-field.ts';
import '../../ui/swipe-compare.ts';
import './duel-facts.ts';
import { checkArguments, type DuelProgress, duel } from 'webdit';
import type { Catalogue } from '../../catalogue.ts';
import { type Session, SessionWatch } from '../../session.ts';
import type { Settings } from '../../settings.ts';
import { requestSettings } from '../../settings-change.ts';
import { actionStyles, panelStyles } from '../../ui/panel-styles.ts';
import { loadingBar } from '../../ui/progress-bar.ts';
import { controls } from '../../ui/shared-styles.ts';
import { duelBar } from './duel-bar.ts';

const rounds = 3;

/** One seed, uncached and by a policy, drawn in turns: the pictures, their distance, what was saved. */
export class CompareView extends LitElement {
  static override properties = {
    session: { attribute: false },
    settings: { attribute: false },
    catalogue: { attribute: false },
    progress: { state: true },
    compared: { state: true },
  };
  declare session: Session;
  declare settings: Settings;
  declare catalogue: Catalogue;
  declare progress: DuelProgress | null;
  /** The settings of the comparison on show. */
  declare compared: Settings | null;

  constructor() {
    super();
    this.progress = null;
    this.compared = null;
    new SessionWatch(this, () => this.session);
  }

  override render() {
    const { settings, catalogue } = this;
    const phase = this.session.phaseOf('compare');
    return html`
      <section class="panel settings" aria-label="What to compare">
        <label-field .label=${settings.label} .catalogue=${catalogue}></label-field>
        <seed-field .value=${settings.seed}></seed-field>
        <steps-field .value=${settings.steps}></steps-field>
        <cache-picker
          .cache=${settings.cache}
          .steps=${settings.steps}
          .schedules=${catalogue.schedules}
          @cache-change=${({ detail }: CustomEvent<string>) => requestSettings(this, { cache: detail })}
        ></cache-picker>
        <div class="act">${this.actions()}</div>
      </section>
      <section class="result" aria-label="Comparison">
        ${phase.name === 'failed' ? html`<failure-panel .failure=${phase.failure}></failure-panel>` : this.status()}
        ${this.pictures()}
      </section>
    `;
  }

  private actions() {
    const { session } = this;
    const own = session.busy && session.owner === 'compare';
    return html`
      <button
        class="primary"
        type="button"
        aria-disabled=${session.freeForGpu && this.settings.cache !== 'none' ? 'false' : 'true'}
        @click=${this.compare}
      >
        Compare
      </button>
      ${own ? html`<button class="secondary" type="button" @click=${() => session.abort()}>Abort</button>` : nothing}
    `;
  }

  private status() {
    const phase = this.session.phaseOf('compare');
    const { progress, settings } = this;
    if (phase.name === 'loading') return loadingBar(phase);
    if (phase.name === 'working' && progress) return duelBar('Comparing', progress, rounds);
    if (phase.name === 'aborted') return html`<p class="note" role="status">Stopped.</p>`;
    if (progress?.result) return nothing;
    const text =
      settings.cache === 'none'
        ? 'Pick a cache policy to hold against the uncached picture.'
        : 'Both are drawn in turns, three times each, so that the clock is fair.';
    return html`<p class="note">${text}</p>`;
  }

  private pictures() {
    const result = this.progress?.result;
    const { compared } = this;
    if (!result || !compared) return nothing;
    return html`
      ${
        result.uncached.image && result.cached.image
          ? html`<swipe-compare
              .first=${result.uncached.image}
              .second=${result.cached.image}
              beforeName="uncached"
              afterName=${result.cached.report.policy}
            ></swipe-compare>`
          : nothing
      }
      <duel-facts .result=${result} .settings=${compared}></duel-facts>
    `;
  }

  private async compare(): Promise<void> {
    const { session, settings } = this;
    const { label, seed, steps, guidance: guidanceScale, cache } = settings;
    if (!session.freeForGpu || cache === 'none') return;
    requestSettings(this, {});
    this.progress = null;
    this.compared = settings;
    await session.run(
      'compare',
      (pipe, signal) =>
        duel(pipe, {
          ...{ seed, label, cache, steps, guidanceScale, rounds, signal },
          onProgress: (progress) => {
            this.progress = progress;
          },
        }),
      () => checkArguments({ label }, { seed, numInferenceSteps: steps, guidanceScale, cache }),
    );
  }

  static override styles = [
    controls,
    panelStyles,
    actionStyles,
    css`
      :host {
        display: grid;
        gap: 1.5rem 2rem;
        align-items: start;
      }
      .settings {
        display: grid;
        gap: 0.9rem 1.5rem;
        grid-template-columns: repeat(auto-fit, minmax(10.5rem, 1fr));
      }
      cache-picker,
      label-field,
      .act {
        grid-column: 1 / -1;
      }
      progress {
        max-width: 22rem;
      }
      @media (min-width: 860px) {
        :host {
          grid-template-columns: minmax(0, 26rem) minmax(0, 1fr);
        }
      }
    `,
  ];
}

customElements.define('compare-view', CompareView);
