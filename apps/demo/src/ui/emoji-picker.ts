import { css, html, LitElement, type PropertyValues } from 'lit';
import { type EmojiClass, findLabel, searchClasses } from '../classes.ts';
import { controls } from './shared-styles.ts';

const cellHeight = 52;
const minCellWidth = 48;
const overscanRows = 2;

/**
 * A searchable grid of emoji. Only the rows in view exist, since laying out a thousand colour glyphs at once would hold up
 * the page. Fires `pick` with the label.
 */
export class EmojiPicker extends LitElement {
  static override properties = {
    classes: { attribute: false },
    label: {},
    query: { state: true },
    active: { state: true },
    columns: { state: true },
    firstRow: { state: true },
    visibleRows: { state: true },
  };
  declare classes: readonly EmojiClass[];
  declare label: string;
  declare query: string;
  /** Index, among the entries found, of the one the arrow keys are on. */
  declare active: number;
  declare columns: number;
  declare firstRow: number;
  declare visibleRows: number;

  private found: readonly EmojiClass[] = [];
  /** Set while the selected emoji waits to be scrolled to, until the browser has laid the list out by itself. */
  private mustCentre = false;
  private readonly resizes = new ResizeObserver(() => {
    this.measure();
    if (this.mustCentre) this.centre();
  });

  constructor() {
    super();
    this.classes = [];
    this.label = '';
    this.query = '';
    this.active = 0;
    this.columns = 6;
    this.firstRow = 0;
    this.visibleRows = 6;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.resizes.disconnect();
  }

  override firstUpdated(): void {
    this.resizes.observe(this.list);
    this.resizes.observe(this.list.querySelector('.all') as HTMLElement);
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('classes') || changed.has('query')) {
      this.found = searchClasses(this.classes, this.query);
      this.active = Math.max(0, this.found.indexOf(this.selected as EmojiClass));
    }
    if (changed.has('classes') || changed.has('columns')) {
      // The rows that will be in view are rendered now; scrolling to them here would force a layout inside this script.
      this.mustCentre = this.found.length > 0;
      const row = Math.floor(this.active / this.columns);
      this.firstRow = Math.max(0, row - Math.floor(this.visibleRows / 2));
    }
  }

  override updated(changed: PropertyValues<this>): void {
    const rows = Math.ceil(this.found.length / this.columns);
    const { style } = this.list;
    style.setProperty('--columns', String(this.columns));
    style.setProperty('--total', `${rows * cellHeight}px`);
    style.setProperty('--top', `${this.startRow * cellHeight}px`);
    if (changed.get('query') !== undefined) this.list.scrollTop = 0;
    if (changed.has('label') && this.selected && this.found[this.active] !== this.selected) {
      this.active = Math.max(0, this.found.indexOf(this.selected));
      this.centre();
    }
  }

  override render() {
    const start = this.startRow * this.columns;
    const end = Math.min(this.found.length, (this.firstRow + this.visibleRows + overscanRows) * this.columns);
    const shown = this.found.slice(start, end);
    const count = this.found.length;
    return html`
      <div class="search">
        <label for="search" class="visually-hidden">Search emoji</label>
        <input
          id="search"
          type="search"
          autocomplete="off"
          spellcheck="false"
          placeholder="Search ${this.classes.length || ''} emoji"
          .value=${this.query}
          @input=${this.onSearch}
          @keydown=${this.onSearchKey}
        />
        <span class="count" role="status">${this.query ? `${count} found` : ''}</span>
      </div>
      <div
        class="list"
        role="listbox"
        aria-label="Emoji"
        tabindex="0"
        aria-activedescendant="emoji-${this.found[this.active]?.id ?? 'none'}"
        @scroll=${this.measure}
        @keydown=${this.onListKey}
        @click=${this.onClick}
      >
        <div class="all" role="presentation">
          <div class="window" role="presentation">
            ${shown.map((entry, i) => this.cell(entry, start + i))}
          </div>
        </div>
        ${count === 0 && this.classes.length > 0 ? html`<p>Nothing by that name. Try another word.</p>` : ''}
      </div>
    `;
  }

  private cell(entry: EmojiClass, index: number) {
    return html`<div
      id="emoji-${entry.id}"
      class="cell ${index === this.active ? 'active' : ''}"
      role="option"
      aria-label=${entry.label}
      title=${entry.label}
      aria-selected=${entry === this.selected ? 'true' : 'false'}
      aria-setsize=${this.found.length}
      aria-posinset=${index + 1}
      data-index=${index}
    >${entry.emoji}</div>`;
  }

  private get selected(): EmojiClass | undefined {
    return findLabel(this.classes, this.label);
  }

  private get startRow(): number {
    return Math.max(0, this.firstRow - overscanRows);
  }

  private get list(): HTMLElement {
    return this.renderRoot.querySelector('.list') as HTMLElement;
  }

  private measure(): void {
    const { clientWidth, clientHeight, scrollTop } = this.list;
    this.columns = Math.max(1, Math.floor(clientWidth / minCellWidth));
    this.firstRow = Math.floor(scrollTop / cellHeight);
    this.visibleRows = Math.ceil(clientHeight / cellHeight) + 1;
  }

  private onSearch({ target }: Event): void {
    this.query = (target as HTMLInputElement).value;
  }

  private onSearchKey(event: KeyboardEvent): void {
    if (event.key === 'Enter') this.pick(0);
    else if (event.key === 'Escape') this.query = '';
    else if (event.key === 'ArrowDown') this.list.focus();
    else return;
    event.preventDefault();
  }

  private onListKey(event: KeyboardEvent): void {
    const page = this.columns * Math.max(1, this.visibleRows - 2);
    const last = this.found.length - 1;
    const moves: Record<string, number> = {
      ArrowLeft: this.active - 1,
      ArrowRight: this.active + 1,
      ArrowUp: this.active - this.columns,
      ArrowDown: this.active + this.columns,
      PageUp: this.active - page,
      PageDown: this.active + page,
      Home: 0,
      End: last,
      Enter: this.active,
      ' ': this.active,
    };
    const target = moves[event.key];
    if (target === undefined || last < 0) return;
    event.preventDefault();
    this.pick(Math.min(last, Math.max(0, target)));
  }

  private onClick(event: Event): void {
    const cell = (event.target as HTMLElement).closest<HTMLElement>('[data-index]');
    if (cell) this.pick(Number(cell.dataset.index));
  }

  /** Selection follows the arrow keys: picking costs nothing until Generate is pressed. */
  private pick(index: number): void {
    const entry = this.found[index];
    if (!entry) return;
    this.active = index;
    this.reveal();
    this.dispatchEvent(new CustomEvent<string>('pick', { detail: entry.label }));
  }

  private centre(): void {
    this.mustCentre = false;
    const top = Math.floor(this.active / this.columns) * cellHeight;
    this.list.scrollTop = top - (this.list.clientHeight - cellHeight) / 2;
  }

  private reveal(): void {
    const { list } = this;
    const top = Math.floor(this.active / this.columns) * cellHeight;
    if (top < list.scrollTop) list.scrollTop = top;
    else if (top + cellHeight > list.scrollTop + list.clientHeight)
      list.scrollTop = top + cellHeight - list.clientHeight;
  }

  static override styles = [
    controls,
    css`
      :host {
        display: flex;
        flex-direction: column;
        min-height: 0;
      }
      .search {
        position: relative;
        margin-bottom: 0.75rem;
      }
      input {
        width: 100%;
        height: 2.75rem;
        padding: 0 6rem 0 1rem;
        border: 1px solid var(--line);
        border-radius: 999px;
        background: var(--well);
      }
      input::placeholder {
        color: var(--soft);
        opacity: 1;
      }
      .count {
        position: absolute;
        right: 2.6rem;
        top: 0;
        line-height: 2.75rem;
        color: var(--soft);
        font-size: 0.85rem;
        pointer-events: none;
      }
      .list {
        position: relative;
        flex: 1;
        min-height: 0;
        overflow: hidden auto;
        overscroll-behavior: contain;
        scrollbar-gutter: stable;
        scrollbar-color: var(--line) transparent;
        border-radius: 10px;
      }
      .all {
        height: var(--total, 0);
      }
      .window {
        display: grid;
        grid-template-columns: repeat(var(--columns, 6), 1fr);
        grid-auto-rows: 52px;
        transform: translateY(var(--top, 0));
      }
      .cell {
        display: grid;
        place-items: center;
        margin: 2px;
        border: 2px solid transparent;
        border-radius: 12px;
        font: 1.7rem / 1 var(--emoji);
        cursor: pointer;
        user-select: none;
      }
      .cell:hover {
        background: var(--well);
      }
      .cell[aria-selected='true'] {
        background: var(--accent-wash);
        border-color: var(--accent);
      }
      .list:focus-visible .cell.active {
        outline: 3px solid var(--accent);
        outline-offset: -1px;
      }
      p {
        margin: 1.5rem 0;
        color: var(--soft);
        text-align: center;
      }
    `,
  ];
}

customElements.define('emoji-picker', EmojiPicker);
