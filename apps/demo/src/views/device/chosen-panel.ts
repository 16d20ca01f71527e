import { css, html, LitElement, nothing } from 'lit';
import type { PipelineInfo } from 'webdit';
import { megabytes } from '../../ui/bytes.ts';
import { panelStyles } from '../../ui/panel-styles.ts';
import { controls } from '../../ui/shared-styles.ts';
import { breakable } from './breakable.ts';
import { factStyles } from './device-styles.ts';
import { figures } from './numbers.ts';

const sources: Readonly<Record<PipelineInfo['tuning']['source'], string>> = {
  static: 'the table for this kind of adapter',
  measured: 'timed here, in this load',
  stored: 'timed here, in an earlier load',
};

/** What the pipeline decided for this device. */
export class ChosenPanel extends LitElement {
  static override properties = { info: { attribute: false }, kernels: { attribute: false } };
  /** Null while no model is loaded. */
  declare info: PipelineInfo | null;
  /** Variants of the last run, by op; null when none is known. */
  declare kernels: Readonly<Record<string, string>> | null;

  constructor() {
    super();
    this.info = null;
    this.kernels = null;
  }

  override render() {
    return html`<section class="panel" aria-labelledby="title">
      <h2 id="title">What was chosen for it</h2>
      ${this.info ? this.facts(this.info) : html`<p class="lead">Known once the model is loaded.</p>`}
    </section>`;
  }

  private facts(info: PipelineInfo) {
    const { name, dtype, math, vaeBackend, thread, gpuBytes, tuning, notes } = info;
    return html`
      <dl>
        <dt>Model</dt>
        <dd>${name}, ${megabytes(gpuBytes)} on the GPU</dd>
        <dt>Weights</dt>
        <dd>stored as ${dtype}, multiplied in ${math}</dd>
        <dt>Decoder</dt>
        <dd>${vaeBackend ?? 'none'}</dd>
        <dt>Runs on</dt>
        <dd>${thread === 'worker' ? 'a worker' : 'the page’s own thread'}</dd>
        <dt>Kernels from</dt>
        <dd>${sources[tuning.source]}${tuning.ms > 0 ? ` (${figures(tuning.ms / 1000)} s)` : ''}</dd>
        <dt>Switched off</dt>
        <dd>
          ${tuning.excluded.length === 0 ? 'no kernel' : tuning.excluded.map((kernel) => html`<code class="off">${breakable(kernel)}</code>`)}
        </dd>
      </dl>
      ${notes.map((note) => html`<p class="soft">${note}</p>`)} ${this.kernels ? kernelList(this.kernels) : nothing}
    `;
  }

  static override styles = [
    controls,
    panelStyles,
    factStyles,
    css`
      p {
        font-size: 0.9rem;
      }
      .lead {
        margin: 0;
      }
      .off {
        display: block;
        color: var(--alarm);
      }
      details code {
        display: block;
      }
    `,
  ];
}

function kernelList(kernels: Readonly<Record<string, string>>) {
  const ops = Object.entries(kernels).sort(([a], [b]) => a.localeCompare(b));
  if (ops.length === 0) return nothing;
  return html`<details>
    <summary>Kernels of the last run, ${ops.length} ops</summary>
    <dl>
      ${ops.map(
        ([op, names]) =>
          html`<dt>${op.replaceAll('_', ' ')}</dt>
            <dd>${names.split(' + ').map((name) => html`<code>${breakable(name)}</code>`)}</dd>`,
      )}
    </dl>
  </details>`;
}

customElements.define('chosen-panel', ChosenPanel);
