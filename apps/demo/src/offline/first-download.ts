import { html, LitElement, nothing } from 'lit';
import { type Session, SessionWatch } from '../session.ts';
import type { Keeper, Keeping } from './keeper.ts';

/** The model's two files and the larger one of the runtime's builds, of which this browser takes one. */
const size = '40 MB';

/** Says, before anything of it happens, what painting downloads; nothing once the model is on this device. */
export class FirstDownload extends LitElement {
  static override properties = { session: { attribute: false }, keeper: { attribute: false }, stored: { state: true } };
  declare session: Session;
  declare keeper: Keeper;
  declare stored: boolean;
  private seen: Keeping['name'] | null = null;

  constructor() {
    super();
    this.stored = true;
    new SessionWatch(this, () => this.session);
    new SessionWatch(this, () => this.keeper);
  }

  override willUpdate(): void {
    const { name } = this.keeper.state;
    if (name === this.seen) return;
    this.seen = name;
    void this.look();
  }

  override render() {
    const { pipeline, obstacle } = this.session;
    // Without WebGPU another panel says what the other way downloads.
    if (this.stored || pipeline || obstacle) return nothing;
    return html`The first one downloads up to ${size}.`;
  }

  private async look(): Promise<void> {
    const { listStoredModels } = await import('webdit');
    // A store that cannot be read stores nothing.
    const models = await listStoredModels().catch(() => []);
    this.stored = models.some(({ url, whole }) => whole && url === this.session.modelUrl.href);
  }
}

customElements.define('first-download', FirstDownload);
