import { css, html, LitElement, nothing } from 'lit';
import {
  deleteStoredModel,
  listStoredModels,
  type StorageFacts,
  type StoredModel,
  storageFacts,
  storeModel,
} from 'webdit';
import '../../ui/failure-panel.ts';
import { chooseModel } from '../../models/choose-model.ts';
import { modelAt, nameAt, ownModel } from '../../models/model-choice.ts';
import { describe, type Failure, type Session, SessionWatch } from '../../session.ts';
import { bytesText } from '../../ui/bytes.ts';
import { actionStyles, panelStyles } from '../../ui/panel-styles.ts';
import { controls } from '../../ui/shared-styles.ts';

const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });

/** What this browser keeps of models, how much room there is, and the way to delete. Fires `stored-change`. */
export class StoredPanel extends LitElement {
  static override properties = {
    session: { attribute: false },
    models: { state: true },
    facts: { state: true },
    failure: { state: true },
    doomed: { state: true },
    storing: { state: true },
    notice: { state: true },
  };
  declare session: Session;
  /** Null until they are listed. */
  declare models: readonly StoredModel[] | null;
  declare facts: StorageFacts | null;
  declare failure: Failure | null;
  /** Address of the model that a second click deletes. */
  declare doomed: string | null;
  /** A download that completes a model. */
  declare storing: { readonly url: string; readonly loaded: number; readonly total: number } | null;
  declare notice: string;

  private stop: AbortController | null = null;
  /** The pipeline whose load the list has taken in. */
  private seen: Session['pipeline'] = null;

  constructor() {
    super();
    this.models = null;
    this.facts = null;
    this.failure = null;
    this.doomed = null;
    this.storing = null;
    this.notice = '';
    new SessionWatch(this, () => this.session);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.refresh();
    document.addEventListener('visibilitychange', this.refresh);
    window.addEventListener('hashchange', this.refresh);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener('visibilitychange', this.refresh);
    window.removeEventListener('hashchange', this.refresh);
  }

  override willUpdate(): void {
    const { pipeline } = this.session;
    if (pipeline === this.seen) return;
    this.seen = pipeline;
    void this.refresh();
  }

  override render() {
    const { models, failure } = this;
    return html`
      <section class="panel" aria-label="Stored models">
        <h2>Stored in this browser</h2>
        ${failure ? html`<failure-panel .failure=${failure}></failure-panel>` : nothing}
        ${
          models === null
            ? nothing
            : models.length === 0
              ? html`<p>No model yet: one is stored when it is loaded, and loads from here the next time.</p>`
              : html`<ul>${models.map((model) => this.entry(model))}</ul>`
        }
        <p role="status">${this.notice}</p>
        ${this.room()}
      </section>
    `;
  }

  private entry(model: StoredModel) {
    const { url, bytes, files, date, whole } = model;
    const { session } = this;
    const used = session.model.source instanceof URL && session.model.source.href === url;
    const name = nameAt(new URL(url));
    return html`<li>
      <div class="what">
        <span class="name"><b>${name}</b>${used ? html` <span class="used">in use</span>` : nothing}</span>
        <span class="address">${url}</span>
        <span>
          <b class="bytes">${bytesText(bytes)}</b> in ${files === 1 ? '1 file' : `${files} files`}, ${day.format(date)},
          ${whole ? 'complete: it works without a network' : 'incomplete'}
        </span>
      </div>
      ${this.storing?.url === url ? this.progress() : this.actions(model, name, used)}
    </li>`;
  }

  private actions({ url, bytes, whole }: StoredModel, name: string, used: boolean) {
    const { session } = this;
    if (this.doomed === url) {
      return html`<div class="act">
        <button class="danger" type="button" @click=${() => this.delete(url, name)}>Delete ${bytesText(bytes)}</button>
        <button class="secondary" type="button" @click=${() => this.doom(null)}>Keep</button>
      </div>`;
    }
    const off = session.busy || session.blocked;
    return html`<div class="act">
      ${
        used
          ? nothing
          : html`<button
              class="secondary"
              type="button"
              aria-label="Use ${name}"
              aria-disabled=${off ? 'true' : 'false'}
              @click=${() => !off && void this.use(url)}
            >
              Use
            </button>`
      }
      ${
        whole
          ? nothing
          : html`<button
              class="secondary"
              type="button"
              aria-label="Complete ${name}"
              aria-disabled=${this.storing ? 'true' : 'false'}
              @click=${() => this.complete(url, name)}
            >
              Complete
            </button>`
      }
      <button class="secondary" type="button" aria-label="Delete ${name}" @click=${() => this.doom(url)}>Delete</button>
    </div>`;
  }

  private progress() {
    const { loaded = 0, total = 0 } = this.storing ?? {};
    return html`
      <progress max=${total || 1} .value=${loaded} aria-label="Storing"></progress>
      <div class="act">
        <span>${bytesText(loaded)} of ${bytesText(total)}</span>
        <button class="secondary" type="button" @click=${() => this.stop?.abort()}>Stop</button>
      </div>
    `;
  }

  private room() {
    const { facts } = this;
    if (!facts) return nothing;
    const { usage, quota, persisted } = facts;
    return html`
      ${
        usage === null || quota === null
          ? nothing
          : html`<meter min="0" max=${quota} .value=${usage} aria-label="Storage used"></meter>
            <p><b class="usage">${bytesText(usage)}</b> used by this site, of ${bytesText(quota)} that it may use.</p>`
      }
      <p>
        ${
          persisted
            ? 'The browser promised to keep it.'
            : html`The browser may clear it when space is short.
                <button class="link" type="button" @click=${this.persist}>Ask it to keep it</button>`
        }
      </p>
    `;
  }

  private readonly refresh = async () => {
    await this.attempt(async () => {
      this.models = await listStoredModels();
      this.facts = await storageFacts();
    });
  };

  private doom(url: string | null): void {
    this.doomed = url;
  }

  private use(url: string): Promise<void> {
    const { modelUrl } = this.session;
    return this.attempt(async () =>
      chooseModel(this, url === modelUrl.href ? ownModel(modelUrl) : modelAt(url, document.baseURI)),
    );
  }

  private async delete(url: string, name: string): Promise<void> {
    this.doomed = null;
    await this.attempt(async () => {
      await deleteStoredModel(url);
      this.notice = `Deleted ${name}.`;
    });
    await this.changed();
  }

  private async complete(url: string, name: string): Promise<void> {
    if (this.storing) return;
    const stop = new AbortController();
    this.stop = stop;
    this.storing = { url, loaded: 0, total: 0 };
    await this.attempt(async () => {
      await storeModel(url, {
        signal: stop.signal,
        onProgress: (progress) => {
          this.storing = { url, ...progress };
        },
      });
      this.notice = `${name} is complete.`;
    }, stop.signal);
    this.storing = null;
    await this.changed();
  }

  private changed(): Promise<void> {
    this.dispatchEvent(new CustomEvent('stored-change', { bubbles: true, composed: true }));
    return this.refresh();
  }

  private async persist(): Promise<void> {
    const kept = await navigator.storage.persist().catch(() => false);
    if (!kept) this.notice = 'The browser did not agree; some do once the page is installed or visited often.';
    await this.refresh();
  }

  private async attempt(work: () => Promise<void>, signal?: AbortSignal): Promise<void> {
    try {
      await work();
      this.failure = null;
    } catch (error) {
      if (error !== signal?.reason) this.failure = describe(error);
    }
  }

  static override styles = [
    controls,
    panelStyles,
    actionStyles,
    css`
      ul {
        display: grid;
        gap: 0.75rem;
        margin: 0 0 1rem;
        padding: 0;
        list-style: none;
      }
      li {
        padding: 0.75rem;
        border: 1px solid var(--line);
        border-radius: 10px;
        background: var(--well);
      }
      .what {
        display: grid;
        margin-bottom: 0.6rem;
        font-size: 0.9rem;
        overflow-wrap: anywhere;
      }
      .name {
        font-family: var(--round);
      }
      .used {
        margin-left: 0.3rem;
        padding: 0.05rem 0.5rem;
        border-radius: 6px;
        background: var(--accent-wash);
        font-size: 0.8rem;
      }
      .address,
      p,
      .act span {
        color: var(--soft);
        font-size: 0.85rem;
      }
      p {
        margin: 0.4rem 0 0;
      }
      p b {
        color: var(--ink);
      }
      .act {
        align-items: center;
      }
      .secondary,
      .danger {
        min-height: 2.25rem;
        padding: 0.3rem 0.9rem;
        font: 700 0.92rem var(--round);
      }
      li .secondary {
        background: var(--panel);
      }
      .danger {
        border: 0;
        border-radius: var(--radius);
        background: var(--alarm);
        color: var(--ground);
      }
      .link {
        padding: 0;
        border: 0;
        background: none;
        color: inherit;
        text-decoration: underline;
      }
      meter {
        display: block;
        width: 100%;
        height: 0.75rem;
      }
      progress {
        margin-bottom: 0.6rem;
      }
      failure-panel {
        margin: 0 0 0.9rem;
      }
    `,
  ];
}

customElements.define('stored-panel', StoredPanel);
