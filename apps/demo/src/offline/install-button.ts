import { html, LitElement, nothing } from 'lit';
import { controls } from '../ui/shared-styles.ts';
import { chip } from './chip.ts';

/** Chromium's offer to install the page; other browsers have a menu entry of their own. */
interface InstallOffer extends Event {
  prompt(): Promise<{ outcome: 'accepted' | 'dismissed' }>;
}

/** Installs the page as an app. Nothing where the browser does not offer it, or has done it already. */
export class InstallButton extends LitElement {
  static override properties = { offer: { state: true } };
  declare offer: InstallOffer | null;

  constructor() {
    super();
    this.offer = null;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener('beforeinstallprompt', this.onOffer);
    window.addEventListener('appinstalled', this.onInstalled);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener('beforeinstallprompt', this.onOffer);
    window.removeEventListener('appinstalled', this.onInstalled);
  }

  override render() {
    if (!this.offer) return nothing;
    return html`
      <button class="chip" type="button" @click=${this.install}>
        <svg viewBox="0 0 16 16" aria-hidden="true"><rect x="2" y="3" width="12" height="8.5" rx="1.5" /><path d="M6 14h4" /></svg>
        Install
      </button>
    `;
  }

  private readonly onOffer = (event: Event) => {
    // The button offers it instead of the browser's own bar.
    event.preventDefault();
    this.offer = event as InstallOffer;
  };

  private readonly onInstalled = () => {
    this.offer = null;
  };

  private async install(): Promise<void> {
    const { offer } = this;
    // An offer can be taken once; a browser that was refused makes another when it likes.
    this.offer = null;
    await offer?.prompt();
  }

  static override styles = [controls, chip];
}

customElements.define('install-button', InstallButton);
