import { css, html, LitElement, nothing } from 'lit';
import type { CompareSummary } from 'webdit';
import type { Catalogue } from '../../catalogue.ts';
import type { Measurements } from '../../measurements.ts';
import { seconds } from '../../run-summary.ts';
import { type Session, SessionWatch } from '../../session.ts';
import type { Settings } from '../../settings.ts';
import { requestSettings } from '../../settings-change.ts';
import { cardStyles } from '../../ui/card-styles.ts';
import { controls } from '../../ui/shared-styles.ts';
import { presetsFor } from './presets.ts';

/** Exact, balanced or fast, each with the time and the quality it has on this device, once that is measured. */
export class PresetPicker extends LitElement {
  static override properties = {
    session: { attribute: false },
    settings: { attribute: false },
    catalogue: { attribute: false },
    measurements: { state: true },
    progress: { state: true },
  };
  declare session: Session;
  declare settings: Settings;
  declare catalogue: Catalogue;
  declare measurements: Measurements | null;
  declare progress: string | null;

  private stop: (() => void) | null = null;

  constructor() {
    super();
    this.measurements = null;
    this.progress = null;
    new SessionWatch(this, () => this.session);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.recall();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.stop?.();
  }

  override render() {
    const { settings, catalogue } = this;
    const rows = this.measurements?.summaries(this.session.model.key, settings) ?? [];
    const presets = presetsFor(settings.steps, catalogue.schedules);
    const measured = presets.filter(({ cache }) => rows.some(({ row }) => row === cache));
    return html`
      <fieldset>
        <legend>Preset</legend>
        <div class="presets">
          ${presets.map(({ name, cache }) => {
            const row = rows.find((summary) => summary.row === cache);
            return html`<label>
              <input
                type="radio"
                name="preset"
                aria-describedby=${name}
                .checked=${cache === settings.cache}
                @change=${() => requestSettings(this, { cache })}
              />
              <span class="title">${name}</span>
              <span class="text" id=${name}>${row ? measuredText(row) : 'not measured here'}</span>
            </label>`;
          })}
        </div>
      </fieldset>
      ${measured.length < presets.length ? this.offer() : nothing}
    `;
  }

  private offer() {
    if (this.progress) return html`<p role="status">${this.progress}</p>`;
    return html`<button type="button" aria-disabled=${this.session.freeForGpu ? 'false' : 'true'} @click=${this.measure}>
      Measure the three on this device
    </button>`;
  }

  /** The library that sums measurements up is not needed for the first view. */
  private async recall(): Promise<Measurements> {
    if (this.measurements) return this.measurements;
    const { measurements } = await import('../../measurements.ts');
    this.stop?.();
    this.stop = measurements.subscribe(() => this.requestUpdate());
    this.measurements = measurements;
    await measurements.load();
    return measurements;
  }

  private async measure(): Promise<void> {
    const { session, settings, catalogue } = this;
    if (!session.freeForGpu) return;
    const { label, seed, steps, guidance } = settings;
    const measurements = await this.recall();
    this.progress = 'Loading…';
    await session.run(
      'generate',
      async (pipe, signal) => {
        this.progress = 'Warming up…';
        await measurements.measure(pipe, session.model.key, {
          rows: presetsFor(steps, catalogue.schedules).map(({ cache }) => cache),
          pairs: [{ seed, label }],
          ...{ steps, guidance, signal },
          onProgress: (done, total) => {
            this.progress = `Measured ${done} of ${total}…`;
          },
        });
      },
      ({ checkArguments }) => checkArguments({ label }, { seed, numInferenceSteps: steps, guidanceScale: guidance }),
    );
    this.progress = null;
  }

  static override styles = [
    controls,
    cardStyles,
    css`
      p {
        margin: 0.5rem 0 0;
        color: var(--soft);
        font-size: 0.85rem;
      }
      .presets {
        display: grid;
        gap: 0.5rem;
        grid-template-columns: repeat(3, minmax(0, 1fr));
      }
      label {
        padding: 0.45rem 0.6rem 0.5rem;
      }
      .title {
        font-size: min(1rem, 4vw);
      }
      .text {
        font-variant-numeric: tabular-nums;
      }
      button {
        margin-top: 0.5rem;
        padding: 0;
        border: 0;
        background: none;
        color: var(--ink);
        font-size: 0.85rem;
        text-decoration: underline;
        text-underline-offset: 3px;
      }
      button[aria-disabled='true'] {
        cursor: default;
        color: var(--soft);
      }
    `,
  ];
}

function measuredText({ ms, psnr }: CompareSummary): string {
  const quality = psnr === 'identical' ? 'uncached' : psnr === null ? 'no picture' : `${psnr.toFixed(1)} dB`;
  return `${seconds(ms)}, ${quality}`;
}

customElements.define('preset-picker', PresetPicker);
