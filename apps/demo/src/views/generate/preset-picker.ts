import { css, html, LitElement, nothing } from 'lit';
import type { CompareSummary } from 'webdit';
import type { Catalogue } from '../../catalogue.ts';
import type { Measurements } from '../../measurements.ts';
import { type Session, SessionWatch } from '../../session.ts';
import type { Settings } from '../../settings.ts';
import { requestSettings } from '../../settings-change.ts';
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
    const rows = this.measurements?.summaries(this.session.modelName, settings) ?? [];
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
    const { busy } = this.session;
    if (this.progress) return html`<p role="status">${this.progress}</p>`;
    return html`<button type="button" aria-disabled=${busy ? 'true' : 'false'} @click=${this.measure}>
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
    if (session.busy) return;
    const { label, seed, steps, guidance } = settings;
    const measurements = await this.recall();
    this.progress = 'Loading…';
    await session.run(
      'generate',
      async (pipe, signal) => {
        this.progress = 'Warming up…';
        await measurements.measure(pipe, {
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
    css`
      fieldset {
        min-width: 0;
        margin: 0;
        padding: 0;
        border: 0;
      }
      legend,
      p {
        margin: 0 0 0.3rem;
        padding: 0;
        color: var(--soft);
        font-size: 0.85rem;
      }
      p {
        margin: 0.5rem 0 0;
      }
      .presets {
        display: grid;
        gap: 0.5rem;
        grid-template-columns: repeat(3, minmax(0, 1fr));
      }
      label {
        position: relative;
        padding: 0.45rem 0.6rem 0.5rem;
        border: 2px solid var(--line);
        border-radius: 10px;
        background: var(--well);
      }
      label:hover {
        border-color: var(--soft);
      }
      label:has(:checked) {
        border-color: var(--accent);
        background: var(--accent-wash);
      }
      label:has(:focus-visible) {
        outline: 3px solid var(--accent);
        outline-offset: 2px;
      }
      input {
        position: absolute;
        inset: 0;
        width: 100%;
        height: 100%;
        margin: 0;
        opacity: 0;
        cursor: pointer;
      }
      .title {
        display: block;
        font-family: var(--round);
        font-weight: 700;
      }
      .text {
        display: block;
        color: var(--soft);
        font-size: 0.8rem;
        font-variant-numeric: tabular-nums;
        line-height: 1.3;
      }
      label:has(:checked) .text {
        color: var(--ink);
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
  const time = ms < 10_000 ? `${(ms / 1000).toFixed(2)} s` : `${(ms / 1000).toFixed(1)} s`;
  const quality = psnr === 'identical' ? 'uncached' : psnr === null ? 'no picture' : `${psnr.toFixed(1)} dB`;
  return `${time}, ${quality}`;
}

customElements.define('preset-picker', PresetPicker);
