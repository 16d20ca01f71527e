import { css, html, LitElement, nothing } from 'lit';
import { type Session, SessionWatch } from '../session.ts';
import { controls } from '../ui/shared-styles.ts';
import './install-button.ts';
import type { Keeper } from './keeper.ts';
import './offline-menu.ts';

/** The page as an app: install it, keep it offline, update it, and whether there is a network. */
export class AppStatus extends LitElement {
  static override properties = { session: { attribute: false }, keeper: { attribute: false }, online: { state: true } };
  declare session: Session;
  declare keeper: Keeper;
  declare online: boolean;

  constructor() {
    super();
    this.online = navigator.onLine;
    new SessionWatch(this, () => this.session);
    new SessionWatch(this, () => this.keeper.version);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener('online', this.onNetwork);
    window.addEventListener('offline', this.onNetwork);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener('online', this.onNetwork);
    window.removeEventListener('offline', this.onNetwork);
  }

  override firstUpdated(): void {
    // What the first view needs goes first.
    const start = () => void this.keeper.version.start();
    if (document.readyState === 'complete') start();
    else window.addEventListener('load', start, { once: true });
  }

  override render() {
    return html`
      <div class="news" role="status">
        ${this.online ? nothing : html`<span class="offline">No network</span>`}
        ${this.keeper.version.outdated ? this.notice() : nothing}
      </div>
      <offline-menu .keeper=${this.keeper}></offline-menu>
      <install-button></install-button>
    `;
  }

  /** Never takes a picture from under the visitor: the reload waits for work to end, and for a click. */
  private notice() {
    const { busy } = this.session;
    return html`
      <div class="notice">
        <span>A new version is ready${busy ? '; reload when the work is done.' : '.'}</span>
        ${busy ? nothing : html`<button type="button" @click=${() => this.keeper.version.update()}>Reload</button>`}
      </div>
    `;
  }

  private readonly onNetwork = () => {
    this.online = navigator.onLine;
  };

  static override styles = [
    controls,
    css`
      :host {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.5rem;
      }
      .news {
        display: contents;
      }
      .offline {
        padding: 0.2rem 0.7rem;
        border-radius: 1rem;
        background: var(--accent-wash);
        font: 600 0.85rem var(--round);
      }
      .notice {
        position: fixed;
        z-index: 2;
        top: 0.75rem;
        left: 50%;
        display: flex;
        align-items: center;
        gap: 1rem;
        width: max-content;
        max-width: calc(100vw - 1.5rem);
        padding: 0.5rem 0.5rem 0.5rem 1.1rem;
        border-radius: var(--radius);
        background: var(--ink);
        color: var(--ground);
        box-shadow: 0 8px 24px var(--shadow);
        translate: -50%;
      }
      @media (min-width: 720px) {
        .notice {
          right: 0.75rem;
          left: auto;
          translate: none;
        }
      }
      .notice span:only-child {
        padding: 0.4rem 0.6rem 0.4rem 0;
      }
      .notice button {
        min-height: 2.4rem;
        padding: 0 1rem;
        border: 0;
        border-radius: 10px;
        background: var(--ground);
        color: var(--ink);
        font: 600 0.95rem var(--round);
      }
    `,
  ];
}

customElements.define('app-status', AppStatus);
