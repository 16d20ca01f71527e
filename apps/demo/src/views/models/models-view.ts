import { css, html, LitElement } from 'lit';
import './loaded-panel.ts';
import './open-panel.ts';
import './stored-panel.ts';
import type { Catalogue } from '../../catalogue.ts';
import { type Session, SessionWatch } from '../../session.ts';
import { controls } from '../../ui/shared-styles.ts';

/** Which model paints, what is stored of it and of others, and the way to another one. */
export class ModelsView extends LitElement {
  static override properties = { session: { attribute: false }, catalogue: { attribute: false } };
  declare session: Session;
  declare catalogue: Catalogue;

  constructor() {
    super();
    new SessionWatch(this, () => this.session);
  }

  override render() {
    const { session, catalogue } = this;
    return html`
      <div class="column">
        <loaded-panel .session=${session} .catalogue=${catalogue}></loaded-panel>
        <open-panel .session=${session}></open-panel>
      </div>
      <stored-panel .session=${session}></stored-panel>
    `;
  }

  static override styles = [
    controls,
    css`
      :host,
      .column {
        display: grid;
        gap: 1rem;
        align-content: start;
        grid-template-columns: minmax(0, 1fr);
      }
      @media (min-width: 860px) {
        :host {
          grid-template-columns: minmax(0, 1fr) minmax(0, 1fr);
          align-items: start;
        }
      }
    `,
  ];
}

customElements.define('models-view', ModelsView);
