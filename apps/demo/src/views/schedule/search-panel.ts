import { css, html, LitElement, nothing } from 'lit';
import type { PatternLimits, ProCacheMode, RunReport, Schedule } from 'webdit';
import '../../ui/failure-panel.ts';
import '../../ui/number-field.ts';
import './search-ranking.ts';
import { describe as describeError, type Phase, type Session, SessionWatch } from '../../session.ts';
import { actionStyles, panelStyles } from '../../ui/panel-styles.ts';
import { loadingBar } from '../../ui/progress-bar.ts';
import { controls } from '../../ui/shared-styles.ts';
import { runSearch, type SearchRecord, type SearchSettings, type SearchSize, searches, sizeOf } from './search-run.ts';
import { duration, type StepTimes } from './step-times.ts';

/**
 * Looks for the best schedule within the limits, on this device. Stopping is a pause: what has a score is kept, also over a reload.
 * Fires `begin`, `run-report`, and `found` with a schedule.
 */
export class SearchPanel extends LitElement {
  static override properties = {
    session: { attribute: false },
    phase: { attribute: false },
    limits: { attribute: false },
    steps: { type: Number },
    mode: {},
    guidance: { type: Number },
    times: { attribute: false },
    pictures: { state: true },
    record: { state: true },
  };
  declare session: Session;
  /** Of this panel's own work. */
  declare phase: Phase;
  declare limits: PatternLimits;
  declare steps: number;
  declare mode: ProCacheMode;
  declare guidance: number;
  declare times: StepTimes;
  declare pictures: number;
  /** The search under way, or the last one. */
  declare record: SearchRecord | null;

  constructor() {
    super();
    this.pictures = 2;
    this.record = null;
    new SessionWatch(this, () => this.session);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void searches.all().then((kept) => {
      this.record ??= kept.get(this.session.model.key) ?? null;
    });
  }

  override render() {
    const { record } = this;
    const running = this.phase.name === 'loading' || this.phase.name === 'working';
    return html`
      <h2>Search on this device</h2>
      ${record && (running || !record.schedule) ? this.underWay(record, running) : this.ask()}
      ${this.status()}
      ${record ? html`<search-ranking .record=${record}></search-ranking>` : nothing}
      ${record?.schedule ? this.found(record.settings, record.schedule) : nothing}
      ${searches.unsaved ? html`<p class="note">${searches.unsaved}</p>` : nothing}
    `;
  }

  private ask() {
    return html`
      <number-field
        label="Pictures each pattern is scored on"
        slider
        .min=${1}
        .max=${8}
        .value=${this.pictures}
        @number-change=${({ detail }: CustomEvent<number>) => {
          this.pictures = detail;
        }}
      ></number-field>
      ${this.offer()}
    `;
  }

  /** What a search of these limits would be, or why there can be none. */
  private offer() {
    const settings = this.settings;
    let size: SearchSize;
    try {
      size = sizeOf(settings);
    } catch (error) {
      const { message, remedy } = describeError(error);
      return html`<p class="what">${message} ${remedy}</p>`;
    }
    const { all, tried } = size;
    const { steps, budget, reuseMin, reuseMax } = settings;
    const sampled = all > BigInt(tried) ? ` ${tried} of them are tried, drawn at random.` : '';
    return html`
      <p class="what">
        ${all === 1n ? '1 pattern' : `${all} patterns`} of ${steps} steps ${all === 1n ? 'has' : 'have'} ${budget} full
        ones and ${reuseMin} to ${reuseMax} reused after each, never more than before.${sampled}
        ${this.estimate(settings, tried)}
      </p>
      <div class="act">
        <button
          class="primary"
          type="button"
          aria-disabled=${this.session.freeForGpu ? 'false' : 'true'}
          @click=${() => this.run({ settings, state: null, total: tried, schedule: null })}
        >
          Search
        </button>
      </div>
    `;
  }

  private underWay(record: SearchRecord, running: boolean) {
    const { settings, state, total } = record;
    const done = state?.done.length ?? 0;
    return html`
      <p class="what">
        ${inWords(settings)}: ${done} of ${total} tried. ${this.estimate(settings, total - done)}
      </p>
      <progress max=${total} .value=${done} aria-label="Patterns tried"></progress>
      <div class="act">
        ${
          running
            ? html`<button class="primary" type="button" @click=${() => this.session.abort()}>Pause</button>`
            : html`<button
                  class="primary"
                  type="button"
                  aria-disabled=${this.session.freeForGpu ? 'false' : 'true'}
                  @click=${() => this.run(record)}
                >
                  Resume
                </button>
                <button class="secondary" type="button" @click=${this.discard}>Discard</button>`
        }
      </div>
    `;
  }

  private status() {
    const { phase } = this;
    if (phase.name === 'failed') return html`<failure-panel .failure=${phase.failure}></failure-panel>`;
    if (phase.name === 'loading') return loadingBar(phase);
    return html`<p class="visually-hidden" role="status">${phase.name === 'aborted' ? 'Paused.' : ''}</p>`;
  }

  private found(settings: SearchSettings, schedule: Schedule) {
    const { scoreWithSelective: score } = schedule.found ?? {};
    return html`
      <p class="what">
        Found for ${inWords(settings)}.${
          typeof score === 'number'
            ? html` With every second reused step selective, the best has an error of ${score.toFixed(4)}.`
            : nothing
        }
      </p>
      <div class="act">
        <button class="secondary" type="button" @click=${() => this.open(schedule)}>Open the best in the strip</button>
      </div>
    `;
  }

  private estimate({ steps, budget, pictures }: SearchSettings, left: number): string {
    const ms = this.times.search({ steps, budget, pictures, left: left + 1 });
    return ms === null ? 'How long it takes is known after the first run.' : `That takes ${duration(ms)} here.`;
  }

  private get settings(): SearchSettings {
    const { limits, steps, mode, guidance, pictures } = this;
    return { ...limits, steps, mode, guidance, pictures };
  }

  private async run(record: SearchRecord): Promise<void> {
    const { session } = this;
    if (!session.freeForGpu) return;
    this.dispatchEvent(new CustomEvent('begin'));
    this.record = record;
    const schedule = await session.run('schedule', async (pipe, signal) => {
      let latest = record;
      await runSearch(pipe, record, {
        signal,
        onRecord: async (next) => {
          latest = next;
          this.record = next;
          await searches.set(session.model.key, next);
        },
        onReport: (report) => this.dispatchEvent(new CustomEvent<RunReport>('run-report', { detail: report })),
      });
      return latest.schedule;
    });
    if (schedule) this.open(schedule);
  }

  private open(schedule: Schedule): void {
    this.dispatchEvent(new CustomEvent<Schedule>('found', { detail: schedule }));
  }

  private async discard(): Promise<void> {
    this.record = null;
    await searches.delete(this.session.model.key);
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
      number-field {
        margin-bottom: 0.75rem;
      }
      progress {
        margin-bottom: 0.75rem;
      }
      search-ranking {
        margin-top: 1rem;
      }
      search-ranking + .what {
        margin-top: 0.75rem;
      }
    `,
  ];
}

function inWords({ steps, budget, reuseMin, reuseMax, pictures }: SearchSettings): string {
  const scored = `scored on ${pictures === 1 ? '1 picture' : `${pictures} pictures`}`;
  return `${steps} steps, ${budget} full, ${reuseMin} to ${reuseMax} reused, ${scored}`;
}

customElements.define('search-panel', SearchPanel);
