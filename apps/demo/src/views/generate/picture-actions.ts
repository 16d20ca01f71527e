import { css, html, LitElement, nothing, type PropertyValues } from 'lit';
import { formatRoute } from '../../route.ts';
import { requestSettings } from '../../settings-change.ts';
import { controls } from '../../ui/shared-styles.ts';
import type { Entry } from './history-store.ts';
import { pictureFileName } from './picture-file.ts';
import { largestFile, readPictureSettings } from './picture-settings.ts';
import { PictureUrls } from './picture-urls.ts';
import { PngError } from './png-text.ts';

interface Notice {
  readonly text: string;
  readonly alarm?: boolean;
}

/** What can be done with the picture that is shown, and the way back from a picture's file to its settings. */
export class PictureActions extends LitElement {
  static override properties = {
    entry: { attribute: false },
    model: {},
    paintable: { type: Boolean },
    notice: { state: true },
  };
  /** The picture that is shown. */
  declare entry: Entry | null;
  /** Name of the model that paints here. */
  declare model: string;
  /** The model can paint over pictures. */
  declare paintable: boolean;
  declare notice: Notice | null;

  private readonly urls = new PictureUrls(this, () => (this.entry ? [this.entry] : []));

  constructor() {
    super();
    this.entry = null;
    this.model = '';
    this.paintable = false;
    this.notice = null;
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('entry')) this.notice = null;
  }

  override render() {
    const { entry, notice } = this;
    return html`
      <div class="row">
        ${
          entry
            ? html`
                <a href=${this.urls.of(entry)} download=${pictureFileName(entry)}>Download PNG</a>
                ${
                  entry.over
                    ? nothing
                    : html`<button type="button" @click=${() => this.copyLink(entry)}>Copy link</button>`
                }
                ${
                  this.paintable
                    ? html`<button type="button" @click=${() => this.paintOver(entry)}>Paint over</button>`
                    : nothing
                }
              `
            : nothing
        }
        <button type="button" @click=${() => this.input.click()}>Open PNG</button>
        <input type="file" accept="image/png" aria-label="A PNG painted here" hidden @change=${this.picked} />
      </div>
      <div role="status">${notice && !notice.alarm ? html`<p>${notice.text}</p>` : nothing}</div>
      ${notice?.alarm ? html`<div role="alert"><p class="alarm">${notice.text}</p></div>` : nothing}
    `;
  }

  /** Says that something went wrong. */
  alarm(text: string): void {
    this.notice = { text, alarm: true };
  }

  /** Takes the settings out of a picture that was painted here. Says so, or what is wrong with the file. */
  async open(file: File): Promise<void> {
    const name = file.name.length > 40 ? `${file.name.slice(0, 39)}…` : file.name;
    try {
      // One byte more says that there are too many.
      const bytes = new Uint8Array(await file.slice(0, largestFile + 1).arrayBuffer());
      const { label, seed, steps, guidance, cache, modelUrl, model } = readPictureSettings(bytes);
      requestSettings(this, { label, seed, steps, guidance, cache, modelUrl });
      const other = model === this.model ? '' : ` It was painted by ${model}, so ${this.model} will paint another.`;
      this.notice = { text: `These are the settings of ${name}. Generate paints it again.${other}` };
    } catch (error) {
      const text = error instanceof PngError ? error.message : 'could not be read.';
      this.alarm(`${name} ${text}`);
    }
  }

  private paintOver(detail: Entry): void {
    this.dispatchEvent(new CustomEvent<Entry>('paint-over', { detail }));
    this.notice = { text: 'The next picture is painted over this one.' };
  }

  private async copyLink({ settings }: Entry): Promise<void> {
    const link = new URL(formatRoute({ view: 'generate', settings }), location.href).href;
    try {
      await navigator.clipboard.writeText(link);
      this.notice = { text: 'Link copied: whoever opens it can paint this picture.' };
    } catch {
      requestSettings(this, settings);
      this.alarm('The browser would not copy. The link is in the address bar now.');
    }
  }

  private picked(): void {
    const file = this.input.files?.[0];
    if (file) void this.open(file);
    // The same file can be picked again.
    this.input.value = '';
  }

  private get input(): HTMLInputElement {
    return this.renderRoot.querySelector('input') as HTMLInputElement;
  }

  static override styles = [
    controls,
    css`
      .row {
        display: flex;
        flex-wrap: wrap;
        justify-content: center;
        gap: 0.5rem;
      }
      a,
      button {
        padding: 0.5rem 0.75rem;
        border: 1px solid var(--line);
        border-radius: 10px;
        background: var(--panel);
        color: var(--ink);
        font: 600 0.85rem / 1.3 var(--round);
        text-decoration: none;
      }
      a:hover,
      button:hover {
        border-color: var(--soft);
      }
      @media (max-width: 420px) {
        .row {
          gap: 0.35rem;
        }
        a,
        button {
          padding: 0.5rem 0.55rem;
          font-size: 0.82rem;
        }
      }
      p {
        margin: 0;
        padding-top: 0.5rem;
        color: var(--soft);
        font-size: 0.88rem;
        text-align: center;
        text-wrap: balance;
        overflow-wrap: anywhere;
      }
      .alarm {
        color: var(--alarm);
      }
    `,
  ];
}

customElements.define('picture-actions', PictureActions);
