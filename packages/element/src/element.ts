import { LitElement, type PropertyDeclaration, type PropertyValues, type TemplateResult } from 'lit';
import type { CacheSpec, PipelineInfo } from 'webdit';
import { type Picture, webditEvent } from './events.ts';
import { FormControl } from './form-control.ts';
import { acquireModel, modelKey } from './models.ts';
import { Painter, type Pixels } from './painter.ts';
import { prepareCall } from './prepare-call.ts';
import {
  type Call,
  modelSettings,
  numericSettings,
  pictureSettings,
  type Settings,
  subjectOf,
  toNumber,
  toSeed,
} from './settings.ts';
import { type Action, type ElementState, initialState, isBusy, next, type StateName } from './state.ts';
import { clearCanvas, drawPicture, showPreview } from './view/canvas.ts';
import { elementView } from './view/element-view.ts';
import { styles } from './view/styles.ts';
import { nameText, shareDone } from './view/texts.ts';
import { Visibility } from './visibility.ts';

const number: PropertyDeclaration = { reflect: true, useDefault: true, converter: { fromAttribute: toNumber } };
const text: PropertyDeclaration = { reflect: true, useDefault: true };
const flag: PropertyDeclaration = { type: Boolean, reflect: true };

const stopped = () => new DOMException('The picture was stopped.', 'AbortError');
/** The element was taken out of the page, or an attribute changed; an automatic run then begins again. */
const removed = new DOMException('The element was removed.', 'AbortError');
const outdated = new DOMException('The element paints something else now.', 'AbortError');

/**
 * Paints a picture with a diffusion transformer, in this page, on the visitor's own graphics card. One worker and one copy of
 * the weights serve all elements of the page with the same model; they take turns.
 *
 * @tagname web-dit
 *
 * @attr {string} model - URL of a model folder, relative to the page
 * @attr {string} label - What to paint: a class id, name or emoji of the model
 * @attr {string} prompt - What to paint, in words: for a text model whose folder has a text encoder, in place of `label`
 * @attr {string} negative-prompt - With `prompt`: what guidance leads away from; property `negativePrompt`
 * @attr {number} steps - Denoising steps, 1 to 1000; the model's own number when left out
 * @attr {number} guidance - Classifier-free guidance, 1 turns it off; the model's own when left out
 * @attr {number} seed - 0 to 2^64 - 1; the same seed gives the same picture. Left out, every picture is another one
 * @attr {string} cache - Cache policy, `procache` when left out; `none` computes every step in full
 * @attr {boolean} autostart - Paint by itself as soon as the element is seen, and again whenever a setting above changes
 * @attr {"lazy" | "eager"} loading - When to load the model: for the first picture (lazy, the default), or at once
 * @attr {string} dtype - How weights are stored: `auto` (default), `f32`, `f16` or `int8`
 * @attr {string} device - `auto` (default), or `wasm` to do without WebGPU, slowly
 * @attr {string} name - Name of the picture in its form's data
 * @attr {boolean} required - Whether the form needs a picture
 * @attr {boolean} disabled - Takes the element out of its form, and its button out of use; scripts may still paint
 *
 * @fires {CustomEvent<ProgressEvent>} webdit-progress - How far the load is, and that of a text encoder in a run
 * @fires {CustomEvent<StepEvent>} webdit-step - A denoising step is done
 * @fires {CustomEvent<Picture>} webdit-image - A picture is painted
 * @fires {CustomEvent<Failure>} webdit-error - A load or run failed; an abort is no failure
 * @fires {CustomEvent<StateChange>} webdit-state - The state changed
 *
 * @slot placeholder - In place of the label or prompt that is shown before the first picture
 * @slot progress - In place of the bar; `--webdit-progress` goes from 0 to 1 there
 * @slot status - In place of the line of text under the picture
 * @slot controls - In place of the button
 * @slot error - In place of the message when something failed
 * @slot fallback - In place of everything, in browsers that offer no WebGPU
 *
 * @csspart base - Everything
 * @csspart frame - The square behind the picture
 * @csspart picture - The canvas
 * @csspart preview - A coarse picture of how far the run is, over the last picture
 * @csspart placeholder - The label or prompt before the first picture
 * @csspart progress - The track of the bar
 * @csspart bar - How far the load is
 * @csspart step - One step of the run; also `step-full`, `step-selective`, `step-reuse`, `step-open` and so on, by its kind
 * @csspart status - The line of text under the picture
 * @csspart button - Paint, and Stop
 * @csspart error - The message when something failed
 *
 * @cssprop --webdit-accent - Progress and focus
 * @cssprop --webdit-error - Messages of failures
 * @cssprop --webdit-surface - The square behind the picture
 * @cssprop --webdit-line - The button's border
 * @cssprop [--webdit-radius=0.75em] - Corners of the picture; the button's are three quarters of it
 * @cssprop [--webdit-gap=0.5em] - Space between the picture and what is below
 *
 * @cssState idle - Nothing loaded, nothing painted
 * @cssState loading - The model is on its way
 * @cssState ready - Loaded, nothing painted
 * @cssState generating - A run waits for its turn or is under way
 * @cssState done - A picture is there, and nothing is under way
 * @cssState error - The last load or run failed
 */
export class WebDitElement extends LitElement {
  /** @internal */
  static formAssociated = true;
  /** @internal */
  static override shadowRootOptions: ShadowRootInit = { ...LitElement.shadowRootOptions, delegatesFocus: true };
  /** @internal */
  static override styles = styles;
  /** @internal */
  static override properties = {
    model: text,
    label: text,
    prompt: text,
    negativePrompt: { reflect: true, useDefault: true, attribute: 'negative-prompt' },
    steps: number,
    guidance: number,
    seed: { reflect: true, useDefault: true, converter: { fromAttribute: toSeed } },
    // A schedule is too long for an attribute.
    cache: {
      reflect: true,
      useDefault: true,
      converter: { toAttribute: (cache: CacheSpec) => (typeof cache === 'string' ? cache : null) },
    },
    autostart: flag,
    loading: text,
    dtype: text,
    device: text,
    name: text,
    required: flag,
    disabled: flag,
    current: { state: true },
    barred: { state: true },
  };
  declare model: string;
  declare label: string | number | null;
  declare prompt: string | null;
  declare negativePrompt: string | null;
  declare steps: number | null;
  declare guidance: number | null;
  declare seed: number | bigint | null;
  declare cache: CacheSpec | null;
  declare autostart: boolean;
  declare loading: string;
  declare dtype: string | null;
  declare device: string | null;
  declare name: string;
  declare required: boolean;
  declare disabled: boolean;
  declare private current: ElementState;
  /** Disabled by itself or by a fieldset around it. */
  declare private barred: boolean;

  private readonly control = new FormControl(this.attachInternals());
  private readonly visibility = new Visibility(this);
  private readonly painter = new Painter({
    enter: (action) => this.enter(action),
    onProgress: (event) => this.dispatchEvent(webditEvent('webdit-progress', event)),
    onStep: (event) => this.dispatchEvent(webditEvent('webdit-step', event)),
    onPreview: ({ preview }) => showPreview(this.renderRoot.querySelector('.preview'), preview),
    onFailure: (failure) => this.dispatchEvent(webditEvent('webdit-error', failure)),
    isVisible: () => this.visibility.visible,
    untilVisible: (signal) => this.visibility.wait(signal),
  });
  /** In the page; a move from one place to another does not count as leaving it. */
  private present = false;
  /** An automatic run has yet to begin. */
  private due = false;
  private picture: Picture | null = null;

  constructor() {
    super();
    this.model = '';
    this.label = null;
    this.prompt = null;
    this.negativePrompt = null;
    this.steps = null;
    this.guidance = null;
    this.seed = null;
    this.cache = null;
    this.autostart = false;
    this.loading = 'lazy';
    this.dtype = null;
    this.device = null;
    this.name = '';
    this.required = false;
    this.disabled = false;
    this.current = initialState;
    this.barred = false;
    this.visibility.subscribe(() => this.painter.reconsider());
  }

  /**
   * Paints a picture from the attributes as they are now, after the element's other runs and in turns with other elements. It is
   * painted also when the element scrolls out of view. Whoever ignores the promise learns of failures by `webdit-error`.
   * @throws WebDiTError; a DOMException `AbortError` after `abort()` and when the element is removed.
   */
  generate(): Promise<Picture> {
    const picture = this.paint(false);
    picture.catch(() => {});
    return picture;
  }

  /** Stops what is under way and what waits. The picture on show stays. */
  abort(): void {
    this.painter.abort(stopped());
  }

  /**
   * The picture as a file.
   * @param type a media type; what the browser cannot write becomes a PNG.
   * @param quality 0 to 1, for types that lose some.
   * @returns {Promise<Blob | null>} null before the first picture.
   */
  async toBlob(type = 'image/png', quality?: number): Promise<Blob | null> {
    if (!this.picture || type === 'image/png') return this.picture?.blob ?? null;
    return new Promise((resolve) => this.canvas.toBlob(resolve, type, quality));
  }

  /** idle, loading, ready, generating, done or error; also an attribute, and `:state()` in CSS. */
  get state(): StateName {
    return this.current.name;
  }

  /** The loaded model, the adapter and every choice made while loading; null before, and when it has been freed. */
  get info(): PipelineInfo | null {
    return this.painter.holdsModel ? this.current.info : null;
  }

  /** The picture as the form gets it, a PNG; null before the first. */
  get value(): File | null {
    return this.control.file;
  }

  /** The form that the element belongs to. */
  get form(): HTMLFormElement | null {
    return this.control.internals.form;
  }

  /** The `<label>`s of the element. */
  get labels(): NodeList {
    return this.control.internals.labels;
  }

  /** What is wrong with the element as a part of its form. */
  get validity(): ValidityState {
    return this.control.internals.validity;
  }

  /** What the browser would say about it. */
  get validationMessage(): string {
    return this.control.internals.validationMessage;
  }

  /** Whether the form asks the element at all; not while it is disabled. */
  get willValidate(): boolean {
    return this.control.internals.willValidate;
  }

  /** Whether the form could be sent, as far as this element goes. */
  checkValidity(): boolean {
    return this.control.internals.checkValidity();
  }

  /** As `checkValidity`, and the browser says what is wrong. */
  reportValidity(): boolean {
    return this.control.internals.reportValidity();
  }

  /** @internal */
  formDisabledCallback(disabled: boolean): void {
    this.barred = disabled;
  }

  /** @internal */
  formResetCallback(): void {
    this.abort();
    this.setPicture(null);
    clearCanvas(this.renderRoot?.querySelector('canvas'));
    this.enter({ type: 'clear' });
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.present) return;
    this.present = true;
    this.showState();
    this.visibility.start();
    if (this.hasUpdated) this.begin();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    // A move takes it out and puts it back in one go.
    queueMicrotask(() => {
      if (!this.isConnected && this.present) this.leave();
    });
  }

  override updated(changed: PropertyValues): void {
    this.control.setName(nameText(this));
    this.control.setRequired(this.required, this.base);
    this.base.style.setProperty('--webdit-progress', String(shareDone(this.current)));
    const has = (name: string) => changed.has(name);
    if (modelSettings.some(has)) this.painter.release(modelKey(this.settings));
    if (pictureSettings.some(has)) this.due = true;
    if ([...pictureSettings, 'autostart', 'loading', 'barred'].some(has)) this.begin();
  }

  override render(): TemplateResult {
    const { current, barred, onClick } = this;
    return elementView(current, { subject: this, barred, onClick });
  }

  private get base(): HTMLElement {
    return this.renderRoot.querySelector('.base') as HTMLElement;
  }

  private get canvas(): HTMLCanvasElement {
    return this.renderRoot.querySelector('canvas') as HTMLCanvasElement;
  }

  private get settings(): Settings {
    const { model, label, prompt, negativePrompt, steps, guidance, seed, cache, dtype, device } = this;
    // Frameworks set undefined for what is left out.
    const subject = { label: label ?? null, prompt: prompt ?? null, negativePrompt: negativePrompt ?? null };
    return { model, ...subject, steps, guidance, seed, cache, dtype, device };
  }

  /** Whether to load before a picture is asked for. Without WebGPU that says so at once, and downloads nothing. */
  private get isEager(): boolean {
    return this.loading === 'eager' || (this.device !== 'wasm' && !('gpu' in navigator));
  }

  private readonly onClick = () => {
    if (isBusy(this.current)) this.abort();
    else void this.generate();
  };

  /** Does what the attributes ask for by themselves: an automatic run, or a load. */
  private begin(): void {
    if (!this.present) return;
    if (this.autostart && this.due && !this.barred) {
      this.due = false;
      this.painter.abort(outdated, 'automatic');
      this.paint(true).catch((error) => {
        this.due ||= error === removed;
      });
    } else if (this.isEager && this.model !== '' && !this.info) {
      const { settings } = this;
      this.painter.load({ acquire: () => acquireModel(settings) }).catch(() => {});
    }
  }

  private paint(automatic: boolean): Promise<Picture> {
    const { settings, isConnected } = this;
    const attributes = new Map(numericSettings.map((name) => [name as string, this.getAttribute(name)]));
    return this.painter.paint({
      automatic,
      whenSeen: automatic && !this.isEager,
      acquire: () => acquireModel(settings),
      prepare: () => prepareCall(settings, { isConnected, attribute: (name) => attributes.get(name) ?? null }),
      finish: (pixels, call) => this.finish(pixels, call),
    });
  }

  private async finish({ image, report }: Pixels, call: Call): Promise<Picture> {
    const { seed } = call.options;
    const picture: Picture = { ...subjectOf(call), seed, blob: await drawPicture(this.canvas, image), image, report };
    this.setPicture(picture);
    this.enter({ type: 'paint', painted: picture });
    this.dispatchEvent(webditEvent('webdit-image', picture));
    return picture;
  }

  private setPicture(picture: Picture | null): void {
    this.picture = picture;
    this.control.setPicture(picture);
    this.control.setRequired(this.required, this.hasUpdated ? this.base : undefined);
  }

  private leave(): void {
    this.present = false;
    this.visibility.stop();
    this.painter.abort(removed);
    this.painter.release();
  }

  private enter(action: Action): void {
    const from = this.current;
    this.current = next(from, action);
    if (this.current.name === from.name) return;
    this.showState();
    this.dispatchEvent(webditEvent('webdit-state', { from: from.name, to: this.current.name }));
  }

  private showState(): void {
    this.setAttribute('state', this.state);
    this.control.setState(this.state);
  }
}
