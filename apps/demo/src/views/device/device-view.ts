import { html, LitElement } from 'lit';
import { type Session, SessionWatch } from '../../session.ts';
import { controls } from '../../ui/shared-styles.ts';

export class DeviceView extends LitElement {
  static override properties = { session: { attribute: false } };
  declare session: Session;

  constructor() {
    super();
    new SessionWatch(this, () => this.session);
  }

  override render() {
    return html`<p>Being built.</p>`;
  }

  static override styles = [controls];
}

customElements.define('device-view', DeviceView);
