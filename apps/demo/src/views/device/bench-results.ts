import { css, html, LitElement, nothing } from 'lit';
import type { BenchmarkResult } from 'webdit';
import { controls } from '../../ui/shared-styles.ts';
import { factStyles } from './device-styles.ts';
import { figures } from './numbers.ts';

const kinds: Readonly<Record<string, string>> = {
  full: 'Full',
  'full, storing': 'Full, filling the cache',
  selective: 'Selective',
  reuse: 'Reuse',
};

/** Ceilings of the adapter, and what each kind of step takes. */
export class BenchResults extends LitElement {
  static override properties = { result: { attribute: false } };
  declare result: BenchmarkResult;

  override render() {
    const { ceilings, steps } = this.result;
    const { gflops, gigabytesPerSecond, clock } = ceilings;
    return html`
      <dl class="ceilings">
        <div><dt>32-bit arithmetic</dt><dd><b>${figures(gflops.f32)}</b> GFLOP/s</dd></div>
        ${
          gflops.f16 === undefined
            ? nothing
            : html`<div><dt>16-bit arithmetic</dt><dd><b>${figures(gflops.f16)}</b> GFLOP/s</dd></div>`
        }
        <div><dt>Memory</dt><dd><b>${figures(gigabytesPerSecond)}</b> GB/s</dd></div>
      </dl>
      ${steps.map(({ model, steps: costs }) => {
        const fullMs = costs.find(({ kind }) => kind === 'full')?.ms ?? Number.NaN;
        return html`<div class="scroll" role="region" aria-label="Steps of ${model}" tabindex="0">
          <table>
            <caption>One step of ${model}</caption>
            <thead>
              <tr>
                <th scope="col">Step</th>
                <th scope="col">ms</th>
                <th scope="col">of a full one</th>
                <th scope="col">GFLOP/s</th>
                <th scope="col" class="if-wide">dispatches</th>
                <th scope="col" class="if-wide">CPU ms</th>
              </tr>
            </thead>
            <tbody>
              ${costs.map(
                ({ kind, ms = Number.NaN, gflop, dispatches, encodeMs }) => html`<tr data-kind=${kind}>
                  <th scope="row">${kinds[kind] ?? kind}</th>
                  <td>${figures(ms)}</td>
                  <td>${share(ms / fullMs)}</td>
                  <td>${figures((gflop / ms) * 1000)}</td>
                  <td class="if-wide">${dispatches}</td>
                  <td class="if-wide">${encodeMs === 0 ? '< 0.1' : figures(encodeMs)}</td>
                </tr>`,
              )}
            </tbody>
          </table>
        </div>`;
      })}
      <p class="soft">
        ${clock === 'gpu' ? 'By the GPU’s own clock' : 'By the wall clock, from submit to done'}: the median of five rounds, the
        kinds of step in turns. CPU ms: what recording the step’s commands takes.
      </p>
    `;
  }

  static override styles = [
    controls,
    factStyles,
    css`
      .ceilings {
        display: flex;
        flex-wrap: wrap;
        gap: 0.75rem;
        margin: 1rem 0;
      }
      .ceilings div {
        flex: 1 1 8rem;
        padding: 0.6rem 0.8rem;
        border-radius: 10px;
        background: var(--well);
      }
      .ceilings dt {
        font-size: 0.8rem;
      }
      b {
        font: 700 1.35rem var(--round);
      }
      p {
        margin: 0.6rem 0 0;
        font-size: 0.85rem;
      }
    `,
  ];
}

const share = (value: number) => (Number.isFinite(value) ? `${Math.round(100 * value)} %` : '–');

customElements.define('bench-results', BenchResults);
