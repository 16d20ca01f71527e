import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { type Catalogue, emptyCatalogue, labelFor, loadCatalogue, readCatalogue } from './catalogue.ts';
import type { ModelChosen } from './models/choose-model.ts';
import type { ModelChoice } from './models/model-choice.ts';
import { findObstacle } from './no-webgpu/obstacle.ts';
import './offline/app-status.ts';
import { AppVersion } from './offline/app-version.ts';
import './offline/first-download.ts';
import { Keeper } from './offline/keeper.ts';
import { formatRoute, parseRoute, type Route, type ViewName } from './route.ts';
import { Session, SessionWatch } from './session.ts';
import type { SettingsChange } from './settings-change.ts';
import { controls } from './ui/shared-styles.ts';
import { views } from './views.ts';

const modelUrl = new URL('models/emoji-dit/', document.baseURI);

/** The page: its name, the way to each view, the view that is open. A view that was open once keeps its state. */
export class WebditApp extends LitElement {
  static override properties = {
    route: { state: true },
    catalogue: { state: true },
    ready: { state: true },
    asked: { state: true },
  };
  declare route: Route;
  declare catalogue: Catalogue;
  /** Views whose code has been loaded, in the order of their first visit. */
  declare ready: readonly ViewName[];
  /** Key of a model that the address names and that is not the one in use; null when they are one. */
  declare asked: string | null;

  private readonly session = new Session(modelUrl);
  private readonly keeper = new Keeper(modelUrl, new AppVersion());
  /** Key of the model that was asked for last. */
  private wanted = '';

  constructor() {
    super();
    this.route = parseRoute(location.hash);
    this.catalogue = emptyCatalogue;
    this.ready = [];
    this.asked = null;
    new SessionWatch(this, () => this.session);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener('hashchange', this.onHash);
    window.addEventListener('resize', this.showWhereWeAre);
    this.onHash();
    void loadCatalogue(modelUrl).then((catalogue) => {
      if (this.session.model.key === '') this.catalogue = catalogue;
    });
    void this.lookForGpu();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener('hashchange', this.onHash);
    window.removeEventListener('resize', this.showWhereWeAre);
  }

  override render() {
    return html`
      <header>
        <div class="brand">
          <div class="name">
            <h1>WebDiT</h1>
            <app-status .session=${this.session} .keeper=${this.keeper}></app-status>
          </div>
          <p>
            Pick an emoji. Your own ${this.session.onProcessor ? 'processor' : 'graphics card'} paints a new one, in this tab.
            <first-download .session=${this.session} .keeper=${this.keeper}></first-download>
          </p>
        </div>
        <nav aria-label="Views">${views.map((view) => this.link(view))}</nav>
      </header>
      ${this.withoutGpu()} ${this.workElsewhere()} ${this.modelRequest()}
      <main
        @settings-change=${this.onSettings}
        @model-chosen=${this.onModel}
        @stored-change=${() => this.keeper.look()}
      >
        ${views.filter(({ name }) => this.ready.includes(name)).map((view) => this.frame(view.name, view.render))}
      </main>
      <footer>
        Nothing you paint leaves this tab.
        <a href=${new URL('CARD.md', modelUrl).href}>About the model and the artists it learnt from</a>
      </footer>
    `;
  }

  /** On phones not every name fits: the view that has just been opened is brought into sight. */
  override updated(changed: PropertyValues<this>): void {
    if (changed.has('route') && changed.get('route')?.view !== this.route.view) this.showWhereWeAre();
  }

  private readonly showWhereWeAre = () => {
    const link = this.renderRoot.querySelector<HTMLElement>('nav [aria-current]');
    const nav = link?.parentElement;
    if (link && nav) nav.scrollLeft = link.offsetLeft - nav.offsetLeft - (nav.clientWidth - link.clientWidth) / 2;
  };

  private link({ name, title }: { name: ViewName; title: string }) {
    const { view, settings } = this.route;
    const here = name === view;
    return html`<a href=${formatRoute({ view: name, settings })} aria-current=${here ? 'page' : nothing}>${title}</a>`;
  }

  private frame(name: ViewName, render: (typeof views)[number]['render']): TemplateResult {
    const { session, catalogue } = this;
    const { view, settings } = this.route;
    return html`<div class="view" ?hidden=${name !== view}>${render({ session, catalogue, settings })}</div>`;
  }

  private withoutGpu() {
    const { obstacle, onProcessor } = this.session;
    if (!obstacle) return nothing;
    return html`<no-webgpu
      .session=${this.session}
      .obstacle=${obstacle}
      .onProcessor=${onProcessor}
      @paint=${this.paintOnProcessor}
    ></no-webgpu>`;
  }

  /** Work goes on while the visitor looks at another view, and can be stopped from there. */
  private workElsewhere() {
    const { busy, owner } = this.session;
    if (!busy || owner === this.route.view) return nothing;
    const title = views.find(({ name }) => name === owner)?.title;
    return html`
      <div class="elsewhere" role="status">
        <span>${title} is using the graphics card.</span>
        <button type="button" @click=${() => this.session.abort()}>Stop it</button>
      </div>
    `;
  }

  /** Settings tell of the model in use. One that an address names is loaded when the visitor agrees. */
  private readonly onHash = () => {
    const { view, settings } = parseRoute(location.hash);
    this.route = { view, settings: { ...settings, modelUrl: this.session.model.key } };
    void this.ask(settings.modelUrl);
    void this.open();
  };

  private async ask(key: string): Promise<void> {
    this.wanted = key;
    if (key !== this.session.model.key) await import('./models/model-request.ts');
    if (this.wanted === key) this.asked = key === this.session.model.key ? null : key;
  }

  private modelRequest() {
    const { asked } = this;
    if (asked === null) return nothing;
    return html`<model-request
      .session=${this.session}
      .asked=${asked}
      @model-chosen=${this.onModel}
      @dismiss=${this.dismissRequest}
    ></model-request>`;
  }

  private dismissRequest(): void {
    this.asked = null;
    history.replaceState(null, '', formatRoute(this.route));
  }

  private async onModel({ detail }: ModelChosen): Promise<void> {
    const catalogue = await this.session.use(detail, (model) => this.readCatalogue(model));
    if (!catalogue) return;
    this.catalogue = catalogue;
    this.asked = null;
    const { settings } = this.route;
    const change = { label: labelFor(catalogue, settings.label), modelUrl: detail.key };
    this.route = { ...this.route, settings: { ...settings, ...change } };
    history.replaceState(null, '', formatRoute(this.route));
  }

  private readCatalogue(model: ModelChoice): Promise<Catalogue> {
    return model.key === '' ? loadCatalogue(modelUrl) : readCatalogue(model);
  }

  private onSettings({ detail }: SettingsChange): void {
    const { modelUrl, ...change } = detail;
    this.route = { ...this.route, settings: { ...this.route.settings, ...change } };
    history.replaceState(null, '', formatRoute(this.route));
    if (modelUrl !== undefined) void this.ask(modelUrl);
  }

  private paintOnProcessor(): void {
    this.route = { view: 'generate', settings: { ...this.route.settings, cache: 'none' } };
    location.hash = formatRoute(this.route);
    void this.session.generate(this.route.settings);
  }

  /** Says at once, not after a click, that there is no graphics card to paint with. */
  private async lookForGpu(): Promise<void> {
    const obstacle = await findObstacle();
    if (!obstacle) return;
    await import('./no-webgpu/no-webgpu.ts');
    this.session.setObstacle(obstacle);
  }

  private async open(): Promise<void> {
    const { view } = this.route;
    const entry = views.find(({ name }) => name === view);
    await entry?.load();
    if (!this.ready.includes(view)) this.ready = [...this.ready, view];
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
        align-items: end;
        justify-content: space-between;
        gap: 0.6rem 2rem;
        margin-bottom: clamp(0.9rem, 2.5vw, 1.75rem);
      }
      h1 {
        margin: 0;
        font: 800 1.6rem / 1.2 var(--round);
        letter-spacing: -0.02em;
      }
      .name {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.3rem 0.9rem;
      }
      header p {
        margin: 0;
        color: var(--soft);
      }
      nav {
        display: flex;
        gap: 0.25rem;
        max-width: 100%;
        padding: 0.25rem;
        border-radius: var(--radius);
        background: var(--panel);
        overflow-x: auto;
        scrollbar-width: none;
      }
      nav a {
        flex: none;
        padding: 0.45rem 0.8rem;
        border-radius: 10px;
        color: var(--soft);
        font: 600 0.92rem var(--round);
        text-decoration: none;
      }
      nav a:hover {
        color: var(--ink);
      }
      nav a[aria-current] {
        background: var(--accent);
        color: var(--accent-ink);
      }
      .elsewhere {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.5rem 1rem;
        margin-bottom: 1rem;
        padding: 0.5rem 0.5rem 0.5rem 1rem;
        border-left: 4px solid var(--accent);
        border-radius: 8px;
        background: var(--accent-wash);
      }
      .elsewhere button {
        margin-left: auto;
        padding: 0.4rem 0.9rem;
        border: 0;
        border-radius: 8px;
        background: var(--ink);
        color: var(--ground);
      }
      [hidden] {
        display: none;
      }
      footer {
        margin-top: 1.25rem;
        color: var(--soft);
        font-size: 0.85rem;
      }
      footer a {
        color: inherit;
      }
    `,
  ];
}

customElements.define('webdit-app', WebditApp);
