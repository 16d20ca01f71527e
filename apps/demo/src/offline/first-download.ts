import { html, LitElement, nothing } from 'lit';
import { isStored } from '../model-bytes.ts';
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
    const { pipeline, obstacle, model } = this.session;
    // Without WebGPU another panel says what the other way downloads; of other models the size is not known here.
    if (this.stored || pipeline || obstacle || model.key !== '') return nothing;
    return html`The first one downloads up to ${size}.`;
  }

  private async look(): Promise<void> {
    this.stored = await isStored(this.session.modelUrl);
  }
}

customElements.define('first-download', FirstDownload);
