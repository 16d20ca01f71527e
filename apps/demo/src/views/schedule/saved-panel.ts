import { css, html, LitElement, nothing } from 'lit';
import type { Schedule } from 'webdit';
import '../../ui/failure-panel.ts';
import './schedule-card.ts';
import { download } from '../../download.ts';
import { describe as describeError, type Failure } from '../../session.ts';
import { fieldStyles } from '../../ui/field-styles.ts';
import { FileDrop, firstFile } from '../../ui/file-drop.ts';
import { actionStyles, panelStyles } from '../../ui/panel-styles.ts';
import { controls } from '../../ui/shared-styles.ts';
import { library, readScheduleFile, scheduleFile } from './library.ts';
import { describe } from './start-panel.ts';

/** Schedules as files and in the browser's storage, and the link to one. */
export class SavedPanel extends LitElement {
  static override properties = {
    schedule: { attribute: false },
    link: {},
    take: { attribute: false },
    saved: { state: true },
    failure: { state: true },
    notice: { state: true },
  };
  /** On the strip. */
  declare schedule: Schedule;
  /** Address that opens the strip as it is; empty while it cannot run. */
  declare link: string;
  /** Puts a schedule on the strip. Throws when the model cannot run it. */
  declare take: (schedule: Schedule) => void;
  declare saved: ReadonlyMap<string, Schedule>;
  declare failure: Failure | null;
  declare notice: string;

  private readonly drop = new FileDrop(
    this,
    firstFile((file) => void this.load(file)),
  );

  constructor() {
    super();
    this.saved = new Map();
    this.failure = null;
    this.notice = '';
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.refresh();
  }

  override render() {
    const { saved, failure, link } = this;
    return html`
      <div class="drop ${this.drop.over ? 'over' : ''}">
        <h2>Save, load, share</h2>
        <form @submit=${this.keep}>
          <label class="name" for="name">Name</label>
          <div class="row">
            <input class="line" id="name" required maxlength="60" autocomplete="off" placeholder=${describe(this.schedule)} />
            <button class="secondary" type="submit">Keep here</button>
          </div>
        </form>
        <div class="act">
          <button class="secondary" type="button" @click=${this.save}>Download</button>
          <label class="secondary file">
            Open a file
            <input class="visually-hidden" type="file" accept=".json,application/json" @change=${this.pick} />
          </label>
          ${link ? html`<button class="secondary" type="button" @click=${this.copy}>Copy the link</button>` : nothing}
        </div>
        <p class="note" role="status">${this.notice || 'Files can be dropped here too.'}</p>
        ${failure ? html`<failure-panel .failure=${failure}></failure-panel>` : nothing}
        ${
          saved.size > 0
            ? html`<ul aria-label="Kept here">
              ${[...saved].map(([name, schedule]) => this.entry(name, schedule))}
            </ul>`
            : nothing
        }
        ${library.unsaved ? html`<p class="note">${library.unsaved}</p>` : nothing}
      </div>
    `;
  }

  private entry(name: string, schedule: Schedule) {
    return html`<li>
      <schedule-card
        .pattern=${schedule.pattern}
        .name=${name}
        .remark=${describe(schedule)}
        @click=${() => this.open(() => schedule, `Opened ${name}.`)}
      ></schedule-card>
      <button class="delete" type="button" aria-label="Delete ${name}" @click=${() => this.forget(name)}>
        <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M6 6l12 12M18 6L6 18" /></svg>
      </button>
    </li>`;
  }

  private async keep(event: Event): Promise<void> {
    event.preventDefault();
    const input = this.renderRoot.querySelector('#name') as HTMLInputElement;
    const name = input.value.trim();
    if (name === '') return;
    await library.set(name, this.schedule);
    input.value = '';
    this.notice = `Kept as ${name}.`;
    await this.refresh();
  }

  private async forget(name: string): Promise<void> {
    await library.delete(name);
    this.notice = `Deleted ${name}.`;
    await this.refresh();
  }

  private async refresh(): Promise<void> {
    this.saved = new Map(await library.all());
  }

  private save(): void {
    const { policy, steps, pattern } = this.schedule;
    const full = pattern.replaceAll(/[02]/g, '').length;
    download(`${policy}-${steps}-b${full}.json`, scheduleFile(this.schedule));
  }

  private async copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.link);
      this.notice = 'The link is on the clipboard.';
    } catch {
      // Refused by the browser or the visitor: the address bar can be copied by hand.
      location.href = this.link;
      this.notice = 'The link is in the address bar.';
    }
  }

  private async pick({ target }: Event): Promise<void> {
    const input = target as HTMLInputElement;
    const [file] = input.files ?? [];
    if (file) await this.load(file);
    // The same file can be picked again.
    input.value = '';
  }

  private async load(file: File): Promise<void> {
    await this.open(() => readScheduleFile(file), `Opened ${file.name}.`);
  }

  private async open(read: () => Schedule | Promise<Schedule>, notice: string): Promise<void> {
    this.failure = null;
    this.notice = '';
    try {
      this.take(await read());
      this.notice = notice;
    } catch (error) {
      this.failure = describeError(error);
    }
  }

  static override styles = [
    controls,
    panelStyles,
    actionStyles,
    fieldStyles,
    css`
      .drop {
        margin: calc(-0.5rem - 2px);
        padding: 0.5rem;
        border: 2px dashed transparent;
        border-radius: 10px;
      }
      .drop.over {
        border-color: var(--accent);
      }
      form {
        margin-bottom: 0.75rem;
      }
      .row {
        display: flex;
        gap: 0.6rem;
      }
      .note {
        margin-bottom: 0;
        text-align: left;
      }
      .note + * {
        margin-top: 1rem;
      }
      .secondary {
        padding: 0.4rem 0.9rem;
        font-size: 0.92rem;
      }
      ul {
        display: grid;
        gap: 0.6rem;
        margin-bottom: 0;
        padding: 0;
        list-style: none;
      }
      li {
        display: flex;
        gap: 0.5rem;
      }
      schedule-card {
        flex: 1;
        min-width: 0;
      }
      .delete {
        flex: none;
        width: 2.75rem;
        border: 0;
        border-radius: 10px;
        background: none;
      }
      .delete:hover {
        background: var(--line);
      }
      svg {
        width: 1.25rem;
        stroke: var(--soft);
        stroke-width: 2;
      }
    `,
  ];
}

customElements.define('saved-panel', SavedPanel);
