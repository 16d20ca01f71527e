import { css, html, LitElement, nothing, type PropertyValues } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { controls } from '../../ui/shared-styles.ts';
import { mostEntries } from './history.ts';
import type { Entry } from './history-store.ts';
import { PictureUrls } from './picture-urls.ts';

const whenPainted = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const nameOf = ({ settings }: Entry) => `${settings.label}, seed ${settings.seed}`;

/**
 * What was painted, as a sheet of small stamps, newest first. One of them is a tab stop, the arrow keys lead to the others and
 * Delete removes one. Fires `restore` with an entry, `remove` with the ids of entries, and `undo`.
 */
export class HistorySheet extends LitElement {
  static override properties = {
    entries: { attribute: false },
    removed: { attribute: false },
    kept: { type: Boolean },
    shown: { attribute: false },
    active: { state: true },
  };
  declare entries: readonly Entry[];
  /** What `undo` would bring back. */
  declare removed: readonly Entry[];
  /** Whether the browser stores them. */
  declare kept: boolean;
  /** The one on the large stamp. */
  declare shown: Entry | null;
  /** The tab stop, by its place. */
  declare active: number;

  private readonly urls = new PictureUrls(this, () => this.entries);
  /** Where the focus goes after the next update: what had it may be gone then. */
  private refocus = false;

  constructor() {
    super();
    this.entries = [];
    this.removed = [];
    this.kept = true;
    this.shown = null;
    this.active = 0;
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('entries')) this.active = Math.max(0, Math.min(this.active, this.entries.length - 1));
  }

  override render() {
    const { entries, removed, kept } = this;
    if (entries.length === 0 && removed.length === 0) return nothing;
    return html`
      <header>
        <h2>Painted so far</h2>
        <span>${entries.length === mostEntries ? `the latest ${mostEntries}` : entries.length}</span>
        ${
          entries.length > 0
            ? html`<button type="button" class="text" @click=${() => this.removeEntries(entries)}>Clear all</button>`
            : nothing
        }
      </header>
      ${kept ? nothing : html`<p class="note">This browser would not store them: they are here until the tab closes.</p>`}
      <div role="status">
        ${
          removed.length > 0
            ? html`<p class="note">
                ${removed.length === 1 ? nameOf(removed[0] as Entry) : `${removed.length} pictures`} deleted.
                <button type="button" class="text" @click=${this.undo}>Undo</button>
              </p>`
            : nothing
        }
      </div>
      <ul @keydown=${this.walk}>
        ${repeat(
          entries,
          ({ id }) => id,
          (entry, place) => this.stamp(entry, place),
        )}
      </ul>
    `;
  }

  override updated(): void {
    if (!this.refocus) return;
    this.refocus = false;
    if (this.entries.length > 0) this.focusActive();
    else this.renderRoot.querySelector<HTMLElement>('[role=status] button')?.focus();
  }

  private stamp(entry: Entry, place: number) {
    const name = nameOf(entry);
    const { steps, cache } = entry.settings;
    const detail = `${steps} steps, ${cache}, ${whenPainted.format(entry.date)}`;
    const tabStop = place === this.active ? 0 : -1;
    return html`<li @focusin=${() => this.activate(place)}>
      <button
        type="button"
        class="picture"
        tabindex=${tabStop}
        title="${name}: ${detail}"
        aria-label="${name}: ${detail}"
        aria-current=${entry.id === this.shown?.id ? 'true' : nothing}
        aria-keyshortcuts="Delete"
        @click=${() => this.fire('restore', entry)}
      >
        <img src=${this.urls.of(entry)} alt="" width="64" height="64" draggable="false" />
      </button>
      <button
        type="button"
        class="delete"
        tabindex=${tabStop}
        aria-label="Delete ${name}"
        title="Delete"
        @click=${() => this.removeEntries([entry])}
      >
        <svg viewBox="0 0 12 12" aria-hidden="true"><path d="m2.5 2.5 7 7m0-7-7 7" /></svg>
      </button>
    </li>`;
  }

  private activate(place: number): void {
    this.active = place;
  }

  private removeEntries(entries: readonly Entry[]): void {
    this.refocus = true;
    this.fire(
      'remove',
      entries.map(({ id }) => id),
    );
  }

  private undo(): void {
    this.refocus = true;
    this.fire('undo');
  }

  private walk(event: KeyboardEvent): void {
    const here = this.active;
    if (event.key === 'Delete') {
      event.preventDefault();
      this.removeEntries(this.entries.slice(here, here + 1));
      return;
    }
    const columns = this.columns();
    const target = {
      ArrowRight: here + 1,
      ArrowLeft: here - 1,
      ArrowDown: here + columns,
      ArrowUp: here - columns,
      Home: 0,
      End: this.entries.length - 1,
    }[event.key];
    if (target === undefined) return;
    event.preventDefault();
    if (target < 0 || target >= this.entries.length) return;
    this.active = target;
    this.focusActive();
  }

  private columns(): number {
    const stamps = [...this.renderRoot.querySelectorAll('li')];
    const second = stamps.findIndex((stamp) => stamp.offsetTop > (stamps[0]?.offsetTop ?? 0));
    return second < 0 ? stamps.length : second;
  }

  private focusActive(): void {
    this.renderRoot.querySelectorAll<HTMLElement>('.picture')[this.active]?.focus();
  }

  private fire(type: 'restore' | 'remove' | 'undo', detail?: Entry | readonly string[]): void {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  static override styles = [
    controls,
    css`
      :host {
        --hole: 8px;
        --cell: calc(64px + 2 * var(--hole));
      }
      header {
        display: flex;
        align-items: baseline;
        gap: 0.75rem;
      }
      h2 {
        margin: 0;
        font: 700 1.05rem var(--round);
      }
      header span,
      .note {
        color: var(--soft);
        font-size: 0.88rem;
      }
      .note {
        margin: 0.35rem 0 0;
      }
      .text {
        padding: 0.3rem 0.4rem;
        border: 0;
        border-radius: 6px;
        background: none;
        color: var(--ink);
        font-weight: 600;
        text-decoration: underline;
        text-underline-offset: 0.2em;
      }
      header .text {
        margin-left: auto;
        font-size: 0.88rem;
      }
      ul {
        display: grid;
        grid-template-columns: repeat(auto-fill, var(--cell));
        margin: 0.6rem 0 0;
        padding: 0;
        list-style: none;
        filter: drop-shadow(0 1px 1px var(--shadow)) drop-shadow(0 6px 10px var(--shadow));
      }
      li {
        position: relative;
      }
      /* Stamps on a sheet: the half holes of two neighbours make whole ones. */
      .picture {
        display: block;
        width: var(--cell);
        height: var(--cell);
        padding: var(--hole);
        border: 0;
        background: var(--stamp);
        mask:
          linear-gradient(#000 0 0) center / calc(100% - var(--hole) * 0.78) calc(100% - var(--hole) * 0.78) no-repeat,
          radial-gradient(circle, transparent 34%, #000 40%) calc(var(--hole) / -2) calc(var(--hole) / -2) /
            var(--hole) var(--hole);
      }
      img {
        display: block;
        width: 64px;
        height: 64px;
        image-rendering: pixelated;
      }
      .picture[aria-current] img {
        outline: 2px solid #c23f18;
        outline-offset: 1px;
      }
      .picture:focus-visible {
        outline: none;
      }
      .picture:focus-visible img {
        outline: 3px solid #c23f18;
        outline-offset: 2px;
      }
      .delete {
        position: absolute;
        top: 3px;
        right: 3px;
        display: grid;
        place-items: center;
        width: 24px;
        height: 24px;
        padding: 0;
        border: 0;
        border-radius: 50%;
        background: #17282b;
        opacity: 0;
      }
      li:hover .delete,
      li:focus-within .delete {
        opacity: 1;
      }
      @media (hover: none) {
        .delete {
          opacity: 0.75;
        }
      }
      svg {
        width: 12px;
        fill: none;
        stroke: #fff;
        stroke-width: 1.8;
        stroke-linecap: round;
      }
    `,
  ];
}

customElements.define('history-sheet', HistorySheet);
