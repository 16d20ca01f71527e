import { css, html, LitElement, nothing, type PropertyValues } from 'lit';
import '../../ui/failure-panel.ts';
import './adapter-panel.ts';
import './bench-results.ts';
import './check-results.ts';
import './chosen-panel.ts';
import { adapterName, type BenchmarkEvent, type BenchmarkResult, version } from 'webdit';
import { download } from '../../download.ts';
import { missingModelBytes } from '../../model-bytes.ts';
import { type Pipeline, type Session, SessionWatch } from '../../session.ts';
import { megabytes } from '../../ui/bytes.ts';
import { loadProgress } from '../../ui/load-progress.ts';
import { actionStyles, panelStyles } from '../../ui/panel-styles.ts';
import { progressBar } from '../../ui/progress-bar.ts';
import { controls } from '../../ui/shared-styles.ts';
import { type AdapterFacts, readAdapter } from './adapter.ts';
import { type DeviceState, deviceDocument, type GoldenState, type KernelsState } from './device-document.ts';
import { factStyles } from './device-styles.ts';

const checkUrl = new URL('check/', document.baseURI);
/** The model whose numbers `checkUrl` holds. */
const checkedModel = 'emoji-dit';

type Job = 'check' | 'benchmark';

interface Progress {
  readonly text: string;
  readonly percent: number;
}

/** The graphics adapter: what it offers, what was chosen for it, whether it computes right, and how fast. */
export class DeviceView extends LitElement {
  static override properties = {
    session: { attribute: false },
    adapter: { state: true },
    missing: { state: true },
    job: { state: true },
    progress: { state: true },
    golden: { state: true },
    kernels: { state: true },
    benchmark: { state: true },
    handedOn: { state: true },
  };
  declare session: Session;
  /** Undefined until the browser has answered. */
  declare adapter: AdapterFacts | null | undefined;
  /** Bytes of the model that are not on this device yet; null while that is unknown. */
  declare missing: number | null;
  /** What was started last. */
  declare job: Job | null;
  declare progress: Progress | null;
  declare golden: GoldenState | null;
  declare kernels: KernelsState | null;
  declare benchmark: BenchmarkResult | null;
  /** What became of the JSON. */
  declare handedOn: string;

  constructor() {
    super();
    this.adapter = undefined;
    this.missing = null;
    this.job = null;
    this.progress = null;
    this.golden = null;
    this.kernels = null;
    this.benchmark = null;
    this.handedOn = '';
    new SessionWatch(this, () => this.session);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void readAdapter().then((adapter) => {
      this.adapter = adapter;
    });
    void this.weigh();
  }

  protected override willUpdate(changed: PropertyValues<DeviceView>): void {
    // What was copied is no longer what is on show.
    if (changed.has('golden') || changed.has('kernels') || changed.has('benchmark')) this.handedOn = '';
  }

  override render() {
    const { session, adapter } = this;
    return html`
      ${this.headline()}
      <div class="columns">
        <div class="work">${adapter === null || session.blocked || session.onProcessor ? this.nothingToCheck() : this.jobs()}</div>
        <div class="facts">
          ${adapter ? html`<adapter-panel .adapter=${adapter}></adapter-panel>` : nothing}
          <chosen-panel
            .info=${session.pipeline?.info ?? null}
            .kernels=${this.golden?.result?.kernels ?? null}
          ></chosen-panel>
        </div>
      </div>
    `;
  }

  private headline() {
    const { adapter } = this;
    return html`
      <section class="headline" aria-labelledby="name">
        <div>
          <h2 id="name">${adapter === undefined ? 'Looking for a graphics adapter…' : nameOf(adapter)}</h2>
          <p class="soft">${adapter ? subtitle(adapter, this.session) : ''}</p>
        </div>
        <div class="export">
          <div class="act">
            <button class="secondary" type="button" @click=${this.copy}>Copy JSON</button>
            <button class="secondary" type="button" @click=${this.save}>Download</button>
          </div>
          <p role="status">${this.handedOn}</p>
        </div>
      </section>
    `;
  }

  private nothingToCheck() {
    return html`<section class="panel">
      <h2>Nothing to check</h2>
      <p class="lead">
        ${
          this.session.onProcessor
            ? 'This page paints on the processor, through onnxruntime-web. The checks are for WebDiT’s own kernels on a graphics card.'
            : 'This browser gives the page no graphics adapter, so there are no kernels to check or to measure.'
        }
      </p>
    </section>`;
  }

  private jobs() {
    return html`
      <section class="panel" aria-labelledby="check-title">
        <h2 id="check-title">Does it compute right?</h2>
        <p class="lead">
          One forward pass, four steps of every cache policy and one picture, each tensor held against its reference. Then every
          kernel variant there is, on a small awkward case; one that gets it wrong is not used on this device any more.
        </p>
        ${this.action('check', 'Check this GPU', this.check)}
        <check-results .golden=${this.golden} .kernels=${this.kernels}></check-results>
      </section>
      <section class="panel" aria-labelledby="bench-title">
        <h2 id="bench-title">How fast is it?</h2>
        <p class="lead">
          The most this adapter can do, and what each kind of step of the model takes here. Some seconds; close other tabs that use
          the graphics card.
        </p>
        ${this.action('benchmark', 'Measure this GPU', this.measure)}
        ${this.benchmark ? html`<bench-results .result=${this.benchmark}></bench-results>` : nothing}
      </section>
    `;
  }

  private action(job: Job, title: string, start: () => void) {
    const { session } = this;
    const mine = this.job === job;
    const running = session.busy && session.owner === 'device' && mine;
    const phase = mine ? session.phaseOf('device') : ({ name: 'idle' } as const);
    return html`
      <div class="act">
        <button class="primary" type="button" aria-disabled=${session.freeForGpu ? 'false' : 'true'} @click=${start}>${title}</button>
        ${running ? html`<button class="secondary" type="button" @click=${() => session.abort()}>Stop</button>` : nothing}
      </div>
      ${phase.name === 'failed' ? html`<failure-panel .failure=${phase.failure}></failure-panel>` : nothing}
      ${phase.name === 'aborted' ? html`<p class="note" role="status">Stopped.</p>` : nothing}
      ${running ? this.bar(title) : session.pipeline ? nothing : html`<p class="note">${this.downloadNote()}</p>`}
    `;
  }

  private bar(title: string) {
    const phase = this.session.phaseOf('device');
    const { text, percent } =
      phase.name === 'loading' ? loadProgress(phase.progress) : (this.progress ?? { text: 'Starting…', percent: 0 });
    return progressBar(title, text, percent);
  }

  /** What pressing the button fetches, said before it does. */
  private downloadNote(): string {
    const { missing } = this;
    if (missing === null) return 'Loads the model first.';
    if (missing === 0) return 'Loads the model first, which is stored on this device.';
    return `Loads the model first: ${megabytes(missing)}, and the runtime that decodes its pictures, up to 17 MB.`;
  }

  private async weigh(): Promise<void> {
    this.missing = await missingModelBytes(this.session.modelUrl, 'load').then(
      ({ missing }) => missing,
      () => null,
    );
  }

  private check(): void {
    if (!this.session.freeForGpu) return;
    this.start('check');
    this.golden = null;
    this.kernels = null;
    void this.session.run('device', async (pipe, signal) => {
      const known = pipe.info.name === checkedModel;
      if (known) await this.verify(pipe, signal);
      await this.checkKernels(pipe, signal);
      // The same runs, without the variants that were just switched off.
      if (known && this.kernels?.result?.ok === false) await this.verify(pipe, signal);
    });
  }

  private async verify(pipe: Pipeline, signal: AbortSignal): Promise<void> {
    const result = await pipe.verify(checkUrl, {
      signal,
      onProgress: ({ done, total, case: run, checks }) => {
        this.golden = { complete: false, checks, result: null };
        if (run !== null) this.advance(`Reference run ${done + 1} of ${total}: ${run}`, done, total);
      },
    });
    this.golden = { complete: true, checks: result.checks, result };
  }

  private async checkKernels(pipe: Pipeline, signal: AbortSignal): Promise<void> {
    const result = await pipe.checkKernels({
      signal,
      onProgress: ({ done, total, check }) => {
        this.kernels = { complete: false, checks: [...(this.kernels?.checks ?? []), check], result: null };
        this.advance(`Kernel ${done} of ${total}: ${check.kernel}`, done, total);
      },
    });
    this.kernels = { complete: true, checks: result.checks, result };
  }

  private measure(): void {
    if (!this.session.freeForGpu) return;
    this.start('benchmark');
    this.benchmark = null;
    void this.session.run('device', async (pipe, signal) => {
      const onProgress = ({ what, done, total }: BenchmarkEvent) =>
        this.advance(`Measuring ${what}: ${done} of ${total}`, done, total);
      this.benchmark = await pipe.benchmark({ quick: true, signal, onProgress });
    });
  }

  private start(job: Job): void {
    this.job = job;
    this.progress = null;
  }

  private advance(text: string, done: number, total: number): void {
    this.progress = { text, percent: (100 * done) / total };
  }

  private json(): string {
    const { golden, kernels, benchmark } = this;
    const state: DeviceState = {
      adapter: this.adapter ?? null,
      pipeline: this.session.pipeline?.info ?? null,
      golden,
      kernels,
      benchmark,
    };
    const head = {
      date: new Date().toISOString(),
      webdit: version,
      userAgent: navigator.userAgent,
      hardwareConcurrency: navigator.hardwareConcurrency,
      crossOriginIsolated,
    };
    return JSON.stringify(deviceDocument(head, state), null, 2);
  }

  private async copy(): Promise<void> {
    try {
      const text = this.json();
      await navigator.clipboard.writeText(text);
      this.handedOn = `Copied ${text.split('\n').length} lines to the clipboard.`;
    } catch {
      this.handedOn = 'The browser did not let the page copy; use Download.';
    }
  }

  private save(): void {
    const name = `webdit-device-${new Date().toISOString().slice(0, 10)}.json`;
    download(name, new Blob([this.json()], { type: 'application/json' }));
    this.handedOn = `Saved as ${name}.`;
  }

  static override styles = [
    controls,
    panelStyles,
    actionStyles,
    factStyles,
    css`
      .headline {
        display: flex;
        flex-wrap: wrap;
        gap: 0.75rem 2rem;
        align-items: center;
        justify-content: space-between;
        margin-bottom: 1.25rem;
      }
      .headline > div:first-child {
        flex: 1 1 20rem;
      }
      .headline h2 {
        margin: 0;
        font: 800 1.35rem / 1.25 var(--round);
        overflow-wrap: anywhere;
        text-wrap: balance;
      }
      .headline p {
        margin: 0.2rem 0 0;
        font-size: 0.92rem;
      }
      .export {
        display: grid;
        gap: 0.4rem;
      }
      .export p {
        min-height: 1.4em;
        margin: 0;
        color: var(--soft);
        font-size: 0.85rem;
      }
      .columns,
      .work,
      .facts {
        display: grid;
        gap: 1rem;
        grid-template-columns: minmax(0, 1fr);
        align-content: start;
      }
      .act + progress,
      .act + .note {
        margin-top: 0.9rem;
      }
      .note {
        margin-bottom: 0;
      }
      @media (min-width: 860px) {
        .columns {
          gap: 1.25rem;
          grid-template-columns: minmax(0, 1fr) minmax(0, 22rem);
        }
        .export .act {
          justify-content: end;
        }
        .export p {
          text-align: right;
        }
      }
    `,
  ];
}

const nameOf = (adapter: AdapterFacts | null) => (adapter ? adapterName({ adapter }) : 'No graphics adapter');

/** What the name does not say. */
function subtitle(adapter: AdapterFacts, { pipeline }: Session): string {
  const software = adapter.isFallback || pipeline?.info.adapter.isFallback === true;
  const name = nameOf(adapter);
  const maker = [adapter.vendor, adapter.architecture].filter((part) => part !== '' && !name.includes(part)).join(', ');
  return [maker, software ? 'a software adapter, which runs on the processor' : '']
    .filter((part) => part !== '')
    .join(' · ');
}

customElements.define('device-view', DeviceView);
