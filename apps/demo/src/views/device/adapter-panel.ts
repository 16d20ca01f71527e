import { css, html, LitElement, nothing, svg } from 'lit';
import { panelStyles } from '../../ui/panel-styles.ts';
import { controls } from '../../ui/shared-styles.ts';
import type { AdapterFacts } from './adapter.ts';
import { breakable } from './breakable.ts';
import { factStyles } from './device-styles.ts';
import { limitText } from './numbers.ts';

/** What WebDiT does with a feature that adapters have or have not. */
const used: Readonly<Record<string, string>> = {
  'shader-f16': 'multiplies in 16 bits: half the memory traffic',
  subgroups: 'invocations share what they load',
  'timestamp-query': 'the GPU’s own clock times each step',
};

/** The limits that decide what runs here. */
const decisive: readonly (readonly [limit: string, meaning: string])[] = [
  ['maxStorageBufferBindingSize', 'Largest binding'],
  ['maxBufferSize', 'Largest buffer'],
  ['maxComputeWorkgroupStorageSize', 'Workgroup memory'],
  ['maxComputeInvocationsPerWorkgroup', 'Invocations in a workgroup'],
  ['maxStorageBuffersPerShaderStage', 'Storage buffers in a kernel'],
];

/** Features and limits of the graphics adapter. */
export class AdapterPanel extends LitElement {
  static override properties = { adapter: { attribute: false } };
  declare adapter: AdapterFacts;

  override render() {
    const { features, limits, languageFeatures, subgroups } = this.adapter;
    return html`
      <section class="panel" aria-labelledby="title">
        <h2 id="title">What this adapter offers</h2>
        <ul>
          ${Object.entries(used).map(([feature, use]) => this.feature(feature, use, features.includes(feature)))}
        </ul>
        <dl>
          ${decisive.map(([limit, meaning]) => {
            const value = limits[limit];
            return value === undefined ? nothing : html`<dt>${meaning}</dt><dd>${limitText(limit, value)}</dd>`;
          })}
          ${subgroups ? html`<dt>Invocations in a subgroup</dt><dd>${[...new Set(subgroups)].join(' to ')}</dd>` : nothing}
        </dl>
        <details>
          <summary>All ${features.length} features</summary>
          <p class="names">${features.map((name) => html`<code>${name}</code> `)}</p>
          ${
            languageFeatures.length > 0
              ? html`<p class="soft">In the shading language:</p>
                  <p class="names">${languageFeatures.map((name) => html`<code>${name}</code> `)}</p>`
              : nothing
          }
        </details>
        <details>
          <summary>All ${Object.keys(limits).length} limits</summary>
          <table>
            <caption class="visually-hidden">Limits of this adapter</caption>
            <thead><tr><th scope="col">Limit</th><th scope="col">Value</th></tr></thead>
            <tbody>
              ${Object.entries(limits)
                .sort(([a], [b]) => a.localeCompare(b))
                .map(
                  ([name, value]) =>
                    html`<tr><th scope="row"><code>${breakable(name)}</code></th><td>${limitText(name, value)}</td></tr>`,
                )}
            </tbody>
          </table>
        </details>
      </section>
    `;
  }

  private feature(name: string, use: string, has: boolean) {
    return html`<li class=${has ? 'has' : 'lacks'}>
      <svg viewBox="0 0 16 16" aria-hidden="true">${has ? tick : dash}</svg>
      <span><code>${name}</code> <span class="soft">${has ? use : 'not here'}</span></span>
    </li>`;
  }

  static override styles = [
    controls,
    panelStyles,
    factStyles,
    css`
      ul {
        display: grid;
        gap: 0.3rem;
        margin: 0 0 0.9rem;
        padding: 0;
        list-style: none;
        font-size: 0.92rem;
      }
      li {
        display: flex;
        gap: 0.5rem;
        align-items: baseline;
      }
      li svg {
        flex: none;
        width: 0.9rem;
        fill: none;
        stroke: var(--good);
        stroke-width: 2.2;
        stroke-linecap: round;
        stroke-linejoin: round;
      }
      .lacks svg {
        stroke: var(--soft);
      }
      .names {
        margin: 0 0 0.6rem;
        line-height: 1.7;
      }
      .names code {
        display: inline-block;
        padding: 0.1rem 0.4rem;
        border-radius: 6px;
        background: var(--well);
      }
    `,
  ];
}

const tick = svgPath('m2.5 8.5 3.6 3.7L13.5 4');
const dash = svgPath('M3.5 8h9');

function svgPath(d: string) {
  return svg`<path d=${d} />`;
}

customElements.define('adapter-panel', AdapterPanel);
