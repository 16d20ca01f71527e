import { css, html, LitElement, nothing } from 'lit';
import { checkArguments, type DuelProgress, duel, type RunReport } from 'webdit';
import '../../ui/failure-panel.ts';
import '../../ui/small-picture.ts';
import '../../ui/step-strip.ts';
import '../compare/duel-facts.ts';
import { type Phase, type Session, SessionWatch, type Track } from '../../session.ts';
import type { Settings } from '../../settings.ts';
import { actionStyles, panelStyles } from '../../ui/panel-styles.ts';
import { loadingBar } from '../../ui/progress-bar.ts';
import { controls } from '../../ui/shared-styles.ts';
import { duelBar } from '../compare/duel-bar.ts';

const rounds = 2;

/** The page's picture, uncached and by the strip, drawn in turns. Fires `begin`, and `run-report` with both sides' reports. */
export class TryPanel extends LitElement {
  static override properties = {
    session: { attribute: false },
    phase: { attribute: false },
    settings: { attribute: false },
    active: { type: Boolean },
    progress: { state: true },
    tried: { state: true },
  };
  declare session: Session;
  /** Of this panel's own work. */
  declare phase: Phase;
  /** Of the page, with the strip's number of steps and name. */
  declare settings: Settings;
  /** False while the strip cannot run. */
  declare active: boolean;
  declare progress: DuelProgress | null;
  /** The settings of the pictures on show. */
  declare tried: Settings | null;

  constructor() {
    super();
    this.active = false;
    this.progress = null;
    this.tried = null;
    new SessionWatch(this, () => this.session);
  }

  override render() {
    const { session, settings, phase } = this;
    const running = phase.name === 'loading' || phase.name === 'working';
    return html`
      <h2>Try it</h2>
      <p class="what">${settings.label}, seed ${settings.seed}, uncached and with the strip, drawn in turns.</p>
      <div class="act">
        <button
          class="primary"
          type="button"
          aria-disabled=${session.freeForGpu && this.active ? 'false' : 'true'}
          @click=${this.run}
        >
          Try it
        </button>
        ${running ? html`<button class="secondary" type="button" @click=${() => session.abort()}>Stop</button>` : nothing}
      </div>
      ${this.status()} ${this.result()}
    `;
  }

  private status() {
    const { phase, progress } = this;
    if (phase.name === 'failed') return html`<failure-panel .failure=${phase.failure}></failure-panel>`;
    if (phase.name === 'aborted') return html`<p class="note" role="status">Stopped.</p>`;
    if (phase.name === 'loading') return loadingBar(phase);
    return phase.name === 'working' && progress ? duelBar('Trying', progress, rounds) : nothing;
  }

  private result() {
    const result = this.progress?.result;
    const { tried } = this;
    if (!result || !tried) return nothing;
    const { uncached, cached } = result;
    return html`
      <div class="pictures">
        <small-picture .image=${uncached.image} name="uncached"></small-picture>
        <small-picture .image=${cached.image} name="with the strip"></small-picture>
      </div>
      ${tried.cache === this.settings.cache ? nothing : html`<p class="note">The strip has changed since.</p>`}
      <step-strip .track=${track(cached.report)}></step-strip>
      <duel-facts .result=${result} .settings=${tried}></duel-facts>
    `;
  }

  private async run(): Promise<void> {
    const { session, settings } = this;
    if (!session.freeForGpu || !this.active) return;
    const { label, seed, steps, guidance: guidanceScale, cache } = settings;
    this.dispatchEvent(new CustomEvent('begin'));
    this.progress = null;
    this.tried = settings;
    const result = await session.run(
      'schedule',
      (pipe, signal) =>
        duel(pipe, {
          ...{ seed, label, cache, steps, guidanceScale, rounds, signal },
          onProgress: (progress) => {
            this.progress = progress;
          },
        }),
      () => checkArguments({ label }, { seed, numInferenceSteps: steps, guidanceScale, cache }),
    );
    for (const { report } of result ? [result.uncached, result.cached] : []) {
      this.dispatchEvent(new CustomEvent<RunReport>('run-report', { detail: report }));
    }
  }

  static override styles = [
    controls,
    panelStyles,
    actionStyles,
    css`
      .what {
        margin: 0 0 0.75rem;
        color: var(--soft);
        font-size: 0.9rem;
      }
      progress {
        margin-top: 1rem;
      }
      .pictures {
        display: flex;
        justify-content: center;
        gap: 1.25rem;
        margin: 1.25rem 0 1rem;
      }
    `,
  ];
}

/** The steps as they ran. The same object for the same report, so that the strip keeps the step that is looked at. */
const tracks = new WeakMap<RunReport, Track>();
function track(report: RunReport): Track {
  const known = tracks.get(report) ?? { steps: report.steps.length, done: report.steps };
  tracks.set(report, known);
  return known;
}

customElements.define('try-panel', TryPanel);
