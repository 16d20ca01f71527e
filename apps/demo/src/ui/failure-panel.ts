import { css, html, LitElement } from 'lit';
import type { Failure } from '../session.ts';
import { controls } from './shared-styles.ts';

/** What went wrong and what to do about it; scrolls into view when it appears. */
export class FailurePanel extends LitElement {
  static override properties = { failure: { attribute: false } };
  declare failure: Failure;

  override render() {
    const { code, message, remedy } = this.failure;
    return html`
      <div role="alert">
        <strong>${message}</strong>
        <p>${remedy}</p>
        <code>${code}</code>
      </div>
    `;
  }

  override updated(): void {
    this.scrollIntoView({ block: 'nearest' });
  }

  static override styles = [
    controls,
    css`
      :host {
        max-width: 26rem;
        margin: 1.25rem auto 0;
        /* Clear of the bar that sticks to the bottom on phones. */
        scroll-margin-bottom: 6rem;
      }
      div {
        padding: 0.9rem 1.1rem;
        border-left: 4px solid var(--alarm);
        border-radius: 8px;
        background: var(--alarm-wash);
        overflow-wrap: anywhere;
      }
      strong {
        color: var(--alarm);
      }
      p {
        margin: 0.35rem 0 0.5rem;
      }
      code {
        color: var(--soft);
        font-size: 0.8rem;
      }
    `,
  ];
}

customElements.define('failure-panel', FailurePanel);
