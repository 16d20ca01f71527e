import { css, html, LitElement } from 'lit';
import { type EmojiClass, findLabel, loadClasses } from './classes.ts';
import './cache-picker.ts';
import './emoji-picker.ts';
import './number-field.ts';
import './run-facts.ts';
import './run-status.ts';
import './stamp-view.ts';
import './step-strip.ts';
import { type FolderSchedule, loadSchedules } from './schedules.ts';
import { type Failure, Session } from './session.ts';
import { formatHash, parseHash, rollSeed, type Settings } from './settings.ts';
import { controls } from './shared-styles.ts';

const modelUrl = new URL('models/emoji-dit/', document.baseURI);

/** The whole page: what to paint, how, the button, the picture. */
export class WebditStudio extends LitElement {
  static override properties = {
    settings: { state: true },
    classes: { state: true },
    schedules: { state: true },
    listFailure: { state: true },
  };
  declare settings: Settings;
  declare classes: readonly EmojiClass[];
  declare schedules: readonly FolderSchedule[];
  declare listFailure: Failure | null;

  /** The error panel that has been scrolled into view already. */
  private shownError: Element | null = null;
  private readonly session = new Session(modelUrl, () => this.requestUpdate());

  constructor() {
    super();
    this.settings = parseHash(location.hash);
    this.classes = [];
    this.schedules = [];
    this.listFailure = null;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener('hashchange', this.onHash);
    void this.start();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener('hashchange', this.onHash);
  }

  override render() {
    const { settings, session } = this;
    const failure = session.phase.name === 'failed' ? session.phase.failure : this.listFailure;
    return html`
      <header>
        <h1>WebDiT</h1>
        <p>Pick an emoji. Your own graphics card paints a new one, in this tab.</p>
      </header>
      <main>
        <section class="stage" aria-label="Picture">
          <stamp-view .painting=${session.painting} .seed=${settings.seed}></stamp-view>
          ${
            failure
              ? this.errorPanel(failure)
              : html`<run-status .phase=${session.phase}>
                  <step-strip .track=${session.track} .planned=${settings.steps}></step-strip>
                </run-status>`
          }
          <run-facts .report=${session.phase.name === 'done' ? session.phase.report : null}></run-facts>
        </section>
        <section class="choose" aria-label="What to paint">
          <emoji-picker
            .classes=${this.classes}
            .label=${settings.label}
            @pick=${({ detail }: CustomEvent<string>) => this.set({ label: detail })}
          ></emoji-picker>
        </section>
        <section class="tune" aria-label="How to paint it">
          <number-field
            label="Seed"
            .value=${settings.seed}
            @number-change=${({ detail }: CustomEvent<number>) => this.set({ seed: detail })}
          >
            <button class="dice" type="button" aria-label="Roll another seed" title="Roll another seed" @click=${this.roll}>
              <svg viewBox="0 0 24 24" aria-hidden="true">
                <rect x="3" y="3" width="18" height="18" rx="5" />
                <circle cx="8" cy="8" r="1.6" /><circle cx="16" cy="8" r="1.6" /><circle cx="12" cy="12" r="1.6" />
                <circle cx="8" cy="16" r="1.6" /><circle cx="16" cy="16" r="1.6" />
              </svg>
            </button>
          </number-field>
          <number-field
            label="Steps"
            slider
            .min=${1}
            .max=${100}
            .value=${settings.steps}
            @number-change=${({ detail }: CustomEvent<number>) => this.set({ steps: detail })}
          ></number-field>
          <number-field
            label="Guidance"
            slider
            .min=${1}
            .max=${8}
            .step=${0.1}
            .value=${settings.guidance}
            @number-change=${({ detail }: CustomEvent<number>) => this.set({ guidance: detail })}
          ></number-field>
          <cache-picker
            .cache=${settings.cache}
            .steps=${settings.steps}
            .schedules=${this.schedules}
            @cache-change=${({ detail }: CustomEvent<string>) => this.set({ cache: detail })}
          ></cache-picker>
        </section>
        <div class="act">${this.actions()}</div>
      </main>
      <footer>
        Nothing you paint leaves this tab.
        <a href=${new URL('CARD.md', modelUrl).href}>About the model and the artists it learnt from</a>
      </footer>
    `;
  }

  override updated(): void {
    const error = this.renderRoot.querySelector('.error');
    if (error && error !== this.shownError) error.scrollIntoView({ block: 'nearest' });
    this.shownError = error;
  }

  private actions() {
    const { busy } = this.session;
    const { label } = this.settings;
    const emoji = findLabel(this.classes, label)?.emoji ?? '';
    return html`
      <button class="generate" type="button" aria-disabled=${busy ? 'true' : 'false'} @click=${this.generate}>
        <span>Generate</span>
        <span class="what"><span class="emoji" aria-hidden="true">${emoji}</span> ${label}</span>
      </button>
      ${busy ? html`<button class="abort" type="button" @click=${() => this.session.abort()}>Abort</button>` : ''}
    `;
  }

  private errorPanel({ code, message, remedy }: Failure) {
    return html`
      <div class="error" role="alert">
        <strong>${message}</strong>
        <p>${remedy}</p>
        <code>${code}</code>
      </div>
    `;
  }

  private async start(): Promise<void> {
    // Without WebGPU the pipeline's own sentence says so at once, not after a click.
    if (!('gpu' in navigator)) void this.session.load();
    void loadSchedules(modelUrl).then((schedules) => {
      this.schedules = schedules;
    });
    try {
      this.classes = await loadClasses(modelUrl);
    } catch (cause) {
      const message = `The list of emoji could not be loaded. ${cause instanceof Error ? cause.message : ''}`;
      this.listFailure = { code: 'network', message, remedy: 'Check the connection and reload the page.' };
    }
  }

  private set(change: Partial<Settings>): void {
    this.settings = { ...this.settings, ...change };
    history.replaceState(null, '', formatHash(this.settings));
  }

  private readonly onHash = () => {
    this.settings = parseHash(location.hash);
  };

  private roll(): void {
    this.set({ seed: rollSeed() });
  }

  private generate(): void {
    if (this.session.busy) return;
    this.set({});
    this.renderRoot.querySelector('.stage')?.scrollIntoView({ block: 'nearest' });
    void this.session.generate(this.settings);
  }

  static override styles = [
    controls,
    css`
      :host {
        max-width: 1120px;
        margin: 0 auto;
        padding: clamp(0.75rem, 2.5vw, 2rem);
      }
      header {
        display: flex;
        flex-wrap: wrap;
        align-items: baseline;
        gap: 0.1rem 1rem;
        margin-bottom: clamp(0.9rem, 2.5vw, 1.75rem);
      }
      h1 {
        margin: 0;
        font: 800 1.6rem / 1.2 var(--round);
        letter-spacing: -0.02em;
      }
      header p {
        margin: 0;
        color: var(--soft);
      }
      main {
        display: grid;
        gap: 1rem 2rem;
        grid-template: auto / minmax(0, 1fr);
      }
      .choose,
      .tune {
        padding: 1rem;
        border-radius: var(--radius);
        background: var(--panel);
      }
      .choose emoji-picker {
        height: 19rem;
      }
      .tune {
        display: grid;
        gap: 0.9rem 1.5rem;
        grid-template-columns: repeat(auto-fit, minmax(10.5rem, 1fr));
      }
      run-status {
        max-width: 368px;
        margin: 1.1rem auto 0;
      }
      run-facts {
        max-width: 368px;
        margin: 0.75rem auto 0;
      }
      cache-picker {
        grid-column: 1 / -1;
      }
      .dice {
        display: grid;
        place-items: center;
        flex: none;
        width: 2.75rem;
        height: 2.75rem;
        padding: 0;
        border: 1px solid var(--line);
        border-radius: 10px;
        background: var(--well);
      }
      .dice svg {
        width: 1.5rem;
        fill: var(--ink);
      }
      .dice rect {
        fill: none;
        stroke: var(--ink);
        stroke-width: 1.6;
      }
      .dice:active svg {
        transform: rotate(90deg);
      }
      .act {
        position: sticky;
        bottom: 0;
        display: flex;
        gap: 0.75rem;
        margin: 0 calc(-1 * clamp(0.75rem, 2.5vw, 2rem));
        padding: 0.75rem clamp(0.75rem, 2.5vw, 2rem);
        background: var(--ground);
      }
      .act button {
        height: 3.25rem;
        border: 0;
        border-radius: var(--radius);
        font: 700 1.05rem var(--round);
      }
      .generate {
        display: flex;
        flex: 1;
        align-items: center;
        justify-content: center;
        gap: 0.5rem;
        min-width: 0;
        padding: 0 1rem;
        background: var(--accent);
        color: var(--accent-ink);
      }
      .generate:hover {
        filter: brightness(1.07);
      }
      .generate[aria-disabled='true'] {
        cursor: default;
        filter: saturate(0.5) opacity(0.55);
      }
      .what {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
        font-weight: 500;
      }
      .emoji {
        font-family: var(--emoji);
      }
      .abort {
        flex: none;
        padding: 0 1.5rem;
        background: var(--ink);
        color: var(--ground);
      }
      .error {
        max-width: 26rem;
        margin: 1.25rem auto 0;
        /* Clear of the bar that sticks to the bottom on phones. */
        scroll-margin-bottom: 6rem;
        padding: 0.9rem 1.1rem;
        border-left: 4px solid var(--alarm);
        border-radius: 8px;
        background: var(--alarm-wash);
        overflow-wrap: anywhere;
      }
      .error strong {
        color: var(--alarm);
      }
      .error p {
        margin: 0.35rem 0 0.5rem;
      }
      .error code {
        color: var(--soft);
        font-size: 0.8rem;
      }
      footer {
        margin-top: 1.25rem;
        color: var(--soft);
        font-size: 0.85rem;
      }
      footer a {
        color: inherit;
      }
      @media (min-width: 860px) {
        main {
          grid-template: minmax(18rem, 1fr) auto auto / 400px minmax(0, 1fr);
          align-items: start;
          min-height: calc(100dvh - 10.5rem);
        }
        .stage {
          grid-row: 1 / -1;
          padding-top: 0.5rem;
        }
        /* Out of the flow: the list takes the height there is and asks for none. */
        .choose {
          position: relative;
          align-self: stretch;
        }
        .choose emoji-picker {
          position: absolute;
          inset: 1rem;
          height: auto;
        }
        .act {
          position: static;
          margin: 0;
          padding: 0;
        }
      }
    `,
  ];
}

customElements.define('webdit-studio', WebditStudio);
