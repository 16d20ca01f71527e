import { css, html, LitElement, nothing } from 'lit';
import { describeModel, type ModelDescription, type PipelineInfo, parameterCount } from 'webdit';
import '../../ui/failure-panel.ts';
import type { Catalogue } from '../../catalogue.ts';
import { chooseModel } from '../../models/choose-model.ts';
import { ownModel } from '../../models/model-choice.ts';
import { describe, type Failure, type Session, SessionWatch } from '../../session.ts';
import { bytesText } from '../../ui/bytes.ts';
import { fact, factStyles } from '../../ui/facts.ts';
import { actionStyles, panelStyles } from '../../ui/panel-styles.ts';
import { loadingBar } from '../../ui/progress-bar.ts';
import { controls } from '../../ui/shared-styles.ts';

/** The model that paints: what it is, and what of it is on the graphics card. */
export class LoadedPanel extends LitElement {
  static override properties = {
    session: { attribute: false },
    catalogue: { attribute: false },
    description: { state: true },
    failure: { state: true },
  };
  declare session: Session;
  declare catalogue: Catalogue;
  declare description: ModelDescription | null;
  /** Why there is no description. */
  declare failure: Failure | null;
  /** The model that is described, or about to be. */
  private described: Session['model'] | null = null;

  constructor() {
    super();
    this.description = null;
    this.failure = null;
    new SessionWatch(this, () => this.session);
  }

  override willUpdate(): void {
    const { model } = this.session;
    if (model !== this.described) void this.read(model);
  }

  override render() {
    const { session, description, failure } = this;
    const { model, modelUrl } = session;
    const phase = session.phaseOf('models');
    return html`
      <section class="panel" aria-label="Model in use">
        <h2>${model.name}</h2>
        <p class="source">${sourceText(model, modelUrl)}</p>
        ${failure ? html`<failure-panel .failure=${failure}></failure-panel>` : nothing}
        ${description ? this.facts(description, session.pipeline?.info ?? null) : nothing}
        ${phase.name === 'failed' ? html`<failure-panel .failure=${phase.failure}></failure-panel>` : nothing}
        ${phase.name === 'loading' ? loadingBar(phase) : nothing}
        <p class="visually-hidden" role="status">${phase.name === 'loading' ? 'Loading the model.' : ''}</p>
        ${this.actions()}
      </section>
    `;
  }

  private facts({ config }: ModelDescription, info: PipelineInfo | null) {
    const { inChannels, inputSize } = config;
    const named = this.catalogue.classes.length > 0;
    return html`
      <dl>
        ${fact('Parameters', `${(parameterCount(config) / 1e6).toFixed(1)} million`)}
        ${fact('Layers', config.depth)} ${fact('Width', config.hiddenSize)} ${fact('Heads', config.numHeads)}
        ${
          config.kind === 'dit'
            ? fact('Classes', `${config.numClasses}${named ? '' : ', without names'}`)
            : fact('Captions', `${config.captionChannels} wide, at most ${config.maxCaptionTokens} tokens`)
        }
        ${fact('Latents', `${inChannels} x ${inputSize} x ${inputSize}`)}
        ${info ? this.loadedFacts(info) : fact('On the graphics card', 'not yet: it loads with the first picture')}
      </dl>
      ${info && info.notes.length > 0 ? html`<ul>${info.notes.map((note) => html`<li>${note}</li>`)}</ul>` : nothing}
    `;
  }

  private loadedFacts({ model, dtype, math, gpuBytes, storage, device }: PipelineInfo) {
    const { imageSize } = model;
    const { state, storedBytes, networkBytes } = storage;
    const stored = {
      stored: `${bytesText(storedBytes)}, complete`,
      network: storedBytes > 0 ? `${bytesText(storedBytes)}, incomplete` : 'nothing',
      files: 'nothing: the files are yours',
    }[state];
    return html`
      ${fact('Pictures', imageSize ? `${imageSize.width} x ${imageSize.height} pixels` : 'none: it has no VAE and paints latents')}
      ${fact('Weights', math === dtype ? dtype : `${dtype}, multiplied in ${math}`)}
      ${fact(device === 'wasm' ? 'In memory' : 'On the graphics card', bytesText(gpuBytes))}
      ${fact('In the browser’s storage', stored)}
      ${state === 'files' ? nothing : fact('Downloaded for this load', bytesText(networkBytes))}
    `;
  }

  private actions() {
    const { session } = this;
    const { model, busy, blocked } = session;
    if (busy && session.owner === 'models') {
      return html`<div class="act">
        <button class="secondary" type="button" @click=${() => session.abort()}>Stop</button>
      </div>`;
    }
    if (session.pipeline && model.key === '') return nothing;
    const off = busy || blocked ? 'true' : 'false';
    const choose = (choice: Session['model']) => () => {
      if (!busy && !blocked) chooseModel(this, choice);
    };
    const own = ownModel(session.modelUrl);
    return html`
      <div class="act">
        ${
          session.pipeline
            ? nothing
            : html`<button class="secondary" type="button" aria-disabled=${off} @click=${choose(model)}>Load it now</button>`
        }
        ${
          model.key === ''
            ? nothing
            : html`<button class="secondary" type="button" aria-disabled=${off} @click=${choose(own)}>
                Back to ${own.name}
              </button>`
        }
      </div>
    `;
  }

  private async read(model: Session['model']): Promise<void> {
    this.described = model;
    this.description = null;
    this.failure = null;
    try {
      const description = await describeModel(model.source);
      if (model === this.described) this.description = description;
    } catch (error) {
      if (model === this.described) this.failure = describe(error);
    }
  }

  static override styles = [
    controls,
    panelStyles,
    actionStyles,
    factStyles,
    css`
      h2 {
        margin: 0;
        overflow-wrap: anywhere;
      }
      .source {
        margin: 0 0 0.9rem;
        color: var(--soft);
        font-size: 0.85rem;
        overflow-wrap: anywhere;
      }
      .act {
        margin-top: 0.9rem;
      }
      ul {
        margin: 0.9rem 0 0;
        padding-left: 1.1rem;
        color: var(--soft);
        font-size: 0.85rem;
      }
      failure-panel,
      progress {
        margin: 0.9rem 0 0;
      }
    `,
  ];
}

function sourceText({ key, source }: Session['model'], modelUrl: URL): string {
  if (key === '') return `This page’s own model, from ${modelUrl.host}`;
  return source instanceof URL ? source.href : 'From a folder on this device, until the page is closed';
}

customElements.define('loaded-panel', LoadedPanel);
