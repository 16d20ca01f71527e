import { css, html, LitElement, nothing } from 'lit';
import '../../ui/cache-picker.ts';
import '../../ui/emoji-picker.ts';
import '../../ui/failure-panel.ts';
import '../../ui/label-field.ts';
import '../../ui/number-field.ts';
import '../../ui/run-facts.ts';
import '../../ui/run-status.ts';
import '../../ui/seed-field.ts';
import '../../ui/stamp-view.ts';
import '../../ui/step-strip.ts';
import '../../ui/steps-field.ts';
import './history-sheet.ts';
import './over-field.ts';
import './picture-actions.ts';
import './preset-picker.ts';
import type { Catalogue } from '../../catalogue.ts';
import { findLabel, hasEmoji } from '../../classes.ts';
import { type Over, startStrength, stepsOver } from '../../over.ts';
import { type Session, SessionWatch } from '../../session.ts';
import type { Settings } from '../../settings.ts';
import { requestSettings } from '../../settings-change.ts';
import { FileDrop, firstFile } from '../../ui/file-drop.ts';
import { controls } from '../../ui/shared-styles.ts';
import type { Entry } from './history-store.ts';
import type { PictureActions } from './picture-actions.ts';
import { Pictures } from './pictures.ts';

/** What to paint, how, the button, the picture. */
export class GenerateView extends LitElement {
  static override properties = {
    session: { attribute: false },
    settings: { attribute: false },
    catalogue: { attribute: false },
  };
  declare session: Session;
  declare settings: Settings;
  declare catalogue: Catalogue;

  private readonly pictures = new Pictures(this, () => this.session);
  private readonly drop = new FileDrop(
    this,
    firstFile((file) => void this.actionsOfPicture?.open(file)),
  );

  constructor() {
    super();
    new SessionWatch(this, () => this.session);
  }

  override render() {
    const { settings, session, catalogue, pictures } = this;
    const { history } = pictures;
    const phase = session.phaseOf('generate');
    const failure = phase.name === 'failed' ? phase.failure : catalogue.failure;
    return html`
      <section class="stage ${this.drop.over ? 'target' : ''}" aria-label="Picture">
        <stamp-view .painting=${session.painting} .preview=${session.preview} .seed=${settings.seed}></stamp-view>
        <picture-actions
          .entry=${session.preview ? null : pictures.shown}
          .model=${session.modelName}
          .paintable=${!session.cannotPaintOver}
          @paint-over=${({ detail }: CustomEvent<Entry>) => this.paintOver(detail)}
        ></picture-actions>
        ${
          failure
            ? html`<failure-panel .failure=${failure}></failure-panel>`
            : html`<run-status .phase=${phase}>
                <step-strip .track=${session.track} .planned=${stepsOver(settings.steps, session.over)}></step-strip>
              </run-status>`
        }
        ${
          session.paintsLatents
            ? html`<p class="latents">
                ${session.modelName} has no VAE, so it paints latents: three of their channels stand for red, green and blue.
              </p>`
            : nothing
        }
        <run-facts .report=${phase.name === 'done' || phase.name === 'shown' ? phase.report : null}></run-facts>
      </section>
      <section class="choose" aria-label="What to paint">
        ${
          // Until the list is there it is taken for one of emoji.
          hasEmoji(catalogue.classes) || catalogue.numClasses === 0
            ? html`<emoji-picker
                .classes=${catalogue.classes}
                .label=${settings.label}
                @pick=${({ detail }: CustomEvent<string>) => requestSettings(this, { label: detail })}
              ></emoji-picker>`
            : html`<label-field .label=${settings.label} .catalogue=${catalogue}></label-field>`
        }
      </section>
      <section class="tune" aria-label="How to paint it">
        <seed-field .value=${settings.seed}></seed-field>
        <steps-field .value=${settings.steps}></steps-field>
        <number-field
          label="Guidance"
          slider
          .min=${1}
          .max=${8}
          .step=${0.1}
          .value=${settings.guidance}
          @number-change=${({ detail }: CustomEvent<number>) => requestSettings(this, { guidance: detail })}
        ></number-field>
        ${
          session.cannotPaintOver
            ? nothing
            : html`<over-field
                .over=${session.over}
                @over-change=${({ detail }: CustomEvent<Over | null>) => session.paintOver(detail)}
              ></over-field>`
        }
        ${
          // Presets are about caching.
          session.obstacle
            ? nothing
            : html`<preset-picker .session=${session} .settings=${settings} .catalogue=${catalogue}></preset-picker>`
        }
        <cache-picker
          .cache=${settings.cache}
          .steps=${settings.steps}
          .schedules=${catalogue.schedules}
          .unavailable=${session.onProcessor ? 'Caching needs WebGPU: on the processor every step is computed in full.' : ''}
          @cache-change=${({ detail }: CustomEvent<string>) => requestSettings(this, { cache: detail })}
        ></cache-picker>
      </section>
      <div class="act">${this.actions()}</div>
      <history-sheet
        .entries=${history.entries}
        .removed=${history.removed}
        .kept=${history.kept}
        .shown=${pictures.shown}
        @restore=${({ detail }: CustomEvent<Entry>) => void this.restore(detail)}
        @remove=${({ detail }: CustomEvent<readonly string[]>) => void history.remove(detail)}
        @undo=${() => void history.undo()}
      ></history-sheet>
    `;
  }

  private actions() {
    const { busy, blocked } = this.session;
    const { label } = this.settings;
    const emoji = findLabel(this.catalogue.classes, label)?.emoji ?? '';
    return html`
      <button class="generate" type="button" aria-disabled=${busy || blocked ? 'true' : 'false'} @click=${this.generate}>
        <span>Generate</span>
        <span class="what"><span class="emoji" aria-hidden="true">${emoji}</span> ${label}</span>
      </button>
      ${busy ? html`<button class="abort" type="button" @click=${() => this.session.abort()}>Abort</button>` : nothing}
    `;
  }

  private async generate(): Promise<void> {
    const { session, settings } = this;
    if (session.busy || session.blocked) return;
    requestSettings(this, {});
    this.showStage();
    const before = session.painting;
    await session.generate(settings, previewEvery(settings));
    if (!session.painting || session.painting === before) return;
    await this.pictures.keep(session.painting).catch(() => {
      // Its code is downloaded at the first picture.
      this.actionsOfPicture?.alarm(
        'There is no file of this picture because a part of this page is missing. Reload it.',
      );
    });
  }

  private async restore(entry: Entry): Promise<void> {
    await this.pictures.restore(entry);
    requestSettings(this, entry.settings);
    this.showStage();
  }

  private paintOver({ png, settings: { label } }: Entry): void {
    const strength = this.session.over?.strength ?? startStrength;
    this.session.paintOver({ image: new Blob([png], { type: 'image/png' }), name: label, strength });
  }

  private showStage(): void {
    this.renderRoot.querySelector('.stage')?.scrollIntoView({ block: 'nearest' });
  }

  private get actionsOfPicture(): PictureActions | null {
    return this.renderRoot.querySelector('picture-actions');
  }

  static override styles = [
    controls,
    css`
      :host {
        display: grid;
        gap: 1rem 2rem;
        grid-template: auto / minmax(0, 1fr);
      }
      .choose,
      .tune {
        padding: 1rem;
        border-radius: var(--radius);
        background: var(--panel);
      }
      .choose emoji-picker {
        height: 19rem;
      }
      .tune {
        display: grid;
        gap: 0.9rem 1.5rem;
        grid-template-columns: repeat(auto-fit, minmax(10.5rem, 1fr));
      }
      .latents {
        max-width: 368px;
        margin: 0.75rem auto 0;
        color: var(--soft);
        font-size: 0.9rem;
        text-align: center;
        text-wrap: balance;
      }
      .target stamp-view {
        outline: 3px dashed var(--accent);
        outline-offset: 6px;
        border-radius: var(--radius);
      }
      picture-actions {
        max-width: 368px;
        margin: 1rem auto 0;
      }
      run-status {
        max-width: 368px;
        margin: 1.1rem auto 0;
      }
      run-facts {
        max-width: 368px;
        margin: 0.75rem auto 0;
      }
      over-field,
      preset-picker,
      cache-picker {
        grid-column: 1 / -1;
      }
      .act {
        position: sticky;
        bottom: 0;
        display: flex;
        gap: 0.75rem;
        margin: 0 calc(-1 * clamp(0.75rem, 2.5vw, 2rem));
        padding: 0.75rem clamp(0.75rem, 2.5vw, 2rem);
        background: var(--ground);
      }
      .act button {
        height: 3.25rem;
        border: 0;
        border-radius: var(--radius);
        font: 700 1.05rem var(--round);
      }
      .generate {
        display: flex;
        flex: 1;
        align-items: center;
        justify-content: center;
        gap: 0.5rem;
        min-width: 0;
        padding: 0 1rem;
        background: var(--accent);
        color: var(--accent-ink);
      }
      .generate:hover {
        filter: brightness(1.07);
      }
      .generate[aria-disabled='true'] {
        cursor: default;
        filter: saturate(0.5) opacity(0.55);
      }
      .what {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
        font-weight: 500;
      }
      .emoji {
        font-family: var(--emoji);
      }
      .abort {
        flex: none;
        padding: 0 1.5rem;
        background: var(--ink);
        color: var(--ground);
      }
      @media (min-width: 860px) {
        :host {
          grid-template: minmax(18rem, 1fr) auto auto auto / 400px minmax(0, 1fr);
          align-items: start;
          min-height: calc(100dvh - 10.5rem);
        }
        .stage {
          grid-row: 1 / 4;
          padding-top: 0.5rem;
        }
        /* Out of the flow: the list takes the height there is and asks for none. */
        .choose {
          position: relative;
          align-self: stretch;
        }
        .choose emoji-picker {
          position: absolute;
          inset: 1rem;
          height: auto;
        }
        history-sheet {
          grid-column: 1 / -1;
        }
        .act {
          position: static;
          margin: 0;
          padding: 0;
        }
      }
    `,
  ];
}

/** Steps from one preview to the next: all where movement is welcome, else four on the way. */
function previewEvery({ steps }: Settings): number {
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
  // The pipeline names what is wrong with the steps.
  return still ? Math.min(1000, Math.max(1, Math.ceil(steps / 5) || 1)) : 1;
}

customElements.define('generate-view', GenerateView);
