import { css, html, LitElement, nothing } from 'lit';
import { SessionWatch } from '../session.ts';
import { megabytes } from '../ui/bytes.ts';
import { controls } from '../ui/shared-styles.ts';
import { chip } from './chip.ts';
import type { Keeper } from './keeper.ts';

/** Keeps the app offline: what it takes, how far it is, and how to undo it. Nothing where there is no service worker. */
export class OfflineMenu extends LitElement {
  static override properties = { keeper: { attribute: false }, open: { state: true } };
  declare keeper: Keeper;
  declare open: boolean;

  constructor() {
    super();
    this.open = false;
    new SessionWatch(this, () => this.keeper);
  }

  override render() {
    const { state } = this.keeper;
    if (state.name === 'unavailable') return nothing;
    return html`
      <button
        class="chip ${state.name}"
        type="button"
        popovertarget="panel"
        aria-expanded=${this.open ? 'true' : 'false'}
        aria-controls="panel"
      >
        ${state.name === 'kept' ? tick : arrow}${this.label()}
      </button>
      <div id="panel" popover role="dialog" aria-labelledby="title" @beforetoggle=${this.place} @toggle=${this.onToggle}>
        <h2 id="title" tabindex="-1">${state.name === 'kept' ? 'This page works offline' : 'Keep this page offline'}</h2>
        ${this.sizes()} ${this.action()}
        ${this.failure()}
        <p class="visually-hidden" role="status">${this.announcement()}</p>
      </div>
    `;
  }

  private label(): string {
    const { state } = this.keeper;
    if (state.name === 'keeping') return `${percent(state)} %`;
    return state.name === 'kept' ? 'Works offline' : 'Keep offline';
  }

  private sizes() {
    const { sizes, state } = this.keeper;
    if (!sizes) return html`<p>Looking at what is here…</p>`;
    const kept = state.name === 'kept';
    const total = sizes.model + sizes.runtime;
    return html`
      <p>${kept ? 'All that painting takes is stored on this device.' : 'Stores all that painting takes on this device, for when there is no network.'}</p>
      <dl>
        <dt>Model</dt>
        <dd>${megabytes(sizes.model)}</dd>
        <dt>Runtime</dt>
        <dd>${megabytes(sizes.runtime)}</dd>
        <dt>${kept ? 'Stored' : 'Still to download'}</dt>
        <dd>${megabytes(kept ? total : sizes.missing)}</dd>
      </dl>
    `;
  }

  private action() {
    const { state, sizes } = this.keeper;
    if (state.name === 'keeping') {
      return html`
        <progress max="100" .value=${percent(state)} aria-label="Downloading"></progress>
        <p class="count">${megabytes(state.loaded)} of ${megabytes(state.total)}</p>
        <button class="plain" type="button" @click=${() => this.keeper.abort()}>Stop</button>
      `;
    }
    if (state.name === 'kept') return this.removal();
    if (!sizes) return nothing;
    const { runtime, model, missing } = sizes;
    const what = missing > 0 ? `Download ${megabytes(missing)}` : 'Keep what is here';
    return html`
      <button class="main" type="button" @click=${() => this.keeper.keep()}>${what}</button>
      ${missing < runtime + model ? this.removal() : nothing}
    `;
  }

  private removal() {
    return html`<button class="plain" type="button" @click=${() => this.keeper.remove()}>Remove from this device</button>`;
  }

  private failure() {
    const { failure } = this.keeper;
    if (!failure) return nothing;
    return html`<div class="failure" role="alert">
      <strong>${failure.message}</strong>
      <p>${failure.remedy}</p>
      <code>${failure.code}</code>
    </div>`;
  }

  /** For screen readers: the turns of events only. */
  private announcement(): string {
    const { state } = this.keeper;
    if (state.name === 'keeping') return 'Downloading.';
    return state.name === 'kept' ? 'This page works offline.' : '';
  }

  private place(): void {
    const { left, bottom } = this.find('.chip').getBoundingClientRect();
    const { style } = this.find('[popover]');
    style.setProperty('--left', `${left}px`);
    style.setProperty('--top', `${bottom}px`);
  }

  private onToggle({ newState }: ToggleEvent): void {
    this.open = newState === 'open';
    if (!this.open) return;
    this.find('h2').focus();
    void this.keeper.measure();
  }

  private find(selector: string): HTMLElement {
    return this.renderRoot.querySelector(selector) as HTMLElement;
  }

  static override styles = [
    controls,
    chip,
    css`
      :host {
        display: contents;
      }
      .keeping {
        font-variant-numeric: tabular-nums;
      }
      [popover] {
        --width: min(22rem, calc(100vw - 1.5rem));
        position: fixed;
        inset: calc(var(--top) + 0.5rem) auto auto clamp(0.75rem, var(--left), calc(100vw - var(--width) - 0.75rem));
        width: var(--width);
        margin: 0;
        padding: 1rem 1.1rem 1.1rem;
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--panel);
        color: var(--ink);
        box-shadow: 0 12px 32px var(--shadow);
      }
      h2 {
        margin: 0;
        font: 700 1.1rem / 1.3 var(--round);
      }
      h2:focus {
        outline: none;
      }
      p {
        margin: 0.4rem 0 0;
        color: var(--soft);
        font-size: 0.92rem;
      }
      dl {
        display: grid;
        grid-template-columns: 1fr auto;
        row-gap: 0.25rem;
        margin: 0.8rem 0 0;
        font-variant-numeric: tabular-nums;
      }
      dt {
        color: var(--soft);
      }
      dd {
        margin: 0;
        text-align: right;
      }
      dt:last-of-type,
      dd:last-of-type {
        margin-top: 0.2rem;
        padding-top: 0.4rem;
        border-top: 1px dashed var(--line);
        color: var(--ink);
        font-weight: 600;
      }
      progress {
        width: 100%;
        height: 6px;
        margin-top: 1rem;
        accent-color: var(--accent);
      }
      .count {
        font-variant-numeric: tabular-nums;
        text-align: center;
      }
      .main,
      .plain {
        width: 100%;
        min-height: 2.75rem;
        margin-top: 1rem;
        border: 1px solid var(--line);
        border-radius: 12px;
        background: var(--well);
        font: 600 1rem var(--round);
      }
      .main {
        border-color: transparent;
        background: var(--accent);
        color: var(--accent-ink);
      }
      .failure {
        margin-top: 1rem;
        padding: 0.7rem 0.9rem;
        border-left: 4px solid var(--alarm);
        border-radius: 8px;
        background: var(--alarm-wash);
        overflow-wrap: anywhere;
      }
      .failure strong {
        color: var(--alarm);
      }
      .failure code {
        color: var(--soft);
        font-size: 0.8rem;
      }
    `,
  ];
}

const percent = ({ loaded, total }: { loaded: number; total: number }) =>
  total > 0 ? Math.min(100, Math.floor((100 * loaded) / total)) : 0;

const arrow = html`<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M8 2v8M4.5 6.8 8 10.3l3.5-3.5M3 13.5h10" /></svg>`;
const tick = html`<svg viewBox="0 0 16 16" aria-hidden="true"><path d="m3 8.5 3.2 3.3L13 4.5" /></svg>`;

customElements.define('offline-menu', OfflineMenu);
