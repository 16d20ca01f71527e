import { css, html, LitElement, nothing } from 'lit';
import type { KernelCheck, TensorCheck } from 'webdit';
import { controls } from '../../ui/shared-styles.ts';
import { breakable } from './breakable.ts';
import { type GoldenState, type KernelsState, verdictOf } from './device-document.ts';
import { factStyles } from './device-styles.ts';
import { errorText, inUnit } from './numbers.ts';

/** What the cases of the page's golden folder are. */
const cases: Readonly<Record<string, string>> = {
  forward: 'One forward pass',
  pytorch: 'First 4 of 50 steps, by PyTorch',
  none: '4 steps, no cache',
  fora: '4 steps, FORA',
  procache: '4 steps, ProCache',
  'procache-values': '4 steps, ProCache, tokens by value norm',
  'procache-attention': '4 steps, ProCache, tokens by attention',
  picture: 'The picture, decoded',
};

/** The verdict, every tensor of the reference runs, and every kernel variant. */
export class CheckResults extends LitElement {
  static override properties = { golden: { attribute: false }, kernels: { attribute: false } };
  declare golden: GoldenState | null;
  declare kernels: KernelsState | null;

  constructor() {
    super();
    this.golden = null;
    this.kernels = null;
  }

  override render() {
    const { golden, kernels } = this;
    return html`${this.verdict()} ${golden ? tensorTable(golden) : nothing} ${kernels ? kernelTable(kernels) : nothing}`;
  }

  private verdict() {
    const { golden, kernels } = this;
    const verdict = verdictOf(golden, kernels);
    if (!golden && kernels?.complete) {
      return html`<p class="only" role="status">No reference runs belong to this model; only its kernels were checked.</p>`;
    }
    if (!verdict || !golden) return nothing;
    return html`<div class="verdict ${verdict}" role="status">
      <strong>${verdict}</strong>
      <p>${explain(golden, kernels)}</p>
    </div>`;
  }

  static override styles = [
    controls,
    factStyles,
    css`
      .verdict {
        display: flex;
        gap: 1rem;
        align-items: center;
        margin: 1rem 0;
      }
      /* A postmark. */
      .verdict strong {
        flex: none;
        padding: 0.15rem 0.8rem;
        border: 3px double currentcolor;
        border-radius: 999px;
        color: var(--good);
        font: 800 1.25rem var(--round);
        letter-spacing: 0.08em;
        rotate: -6deg;
      }
      .FAIL strong {
        color: var(--alarm);
      }
      p {
        margin: 0;
        font-size: 0.92rem;
      }
      .only {
        margin-top: 0.9rem;
      }
      .scroll {
        margin-top: 1rem;
      }
    `,
  ];
}

function explain({ checks, result }: GoldenState, kernels: KernelsState | null): string {
  const within = checks.filter(({ ok }) => ok).length;
  const tensors = `${within} of ${checks.length} tensors are within their targets`;
  const off = result?.worst.ok === false ? `; worst is ${caseTitle(result.worst)}` : '';
  if (!kernels) return `${tensors}${off}.`;
  const wrong = kernels.checks.filter(({ ok }) => !ok).length;
  const variants =
    wrong === 0
      ? `all ${kernels.checks.length} kernel variants compute what they should`
      : `${wrong} of ${kernels.checks.length} kernel variants ${wrong === 1 ? 'is' : 'are'} wrong and switched off here`;
  return `${tensors}${off}, and ${variants}.`;
}

const caseTitle = ({ case: run }: TensorCheck) => cases[run] ?? run;

function tensorTable({ checks }: GoldenState) {
  if (checks.length === 0) return nothing;
  return html`<div class="scroll" role="region" aria-label="Reference runs" tabindex="0">
    <table>
      <caption>Reference runs</caption>
      <thead>
        <tr>
          <th scope="col">Run and tensor</th>
          <th scope="col">Worst error</th>
          <th scope="col" class="if-wide">Target</th>
          <th scope="col">Verdict</th>
        </tr>
      </thead>
      <tbody>
        ${checks.map(tensorRow)}
      </tbody>
    </table>
  </div>`;
}

function tensorRow(check: TensorCheck) {
  const { case: run, tensor, error, target, unit, ok, note } = check;
  const name = tensor.startsWith(`${run}_`) ? tensor.slice(run.length + 1) : tensor;
  // Where all agree none is the worst.
  const place = unit === 'share' && error === 1 ? '' : note;
  const parts = [name === run ? '' : name, place].filter((part) => part !== '');
  const limit = `${unit === '' ? '≤' : '≥'} ${inUnit(target, unit)}`;
  return html`<tr data-case=${run} data-tensor=${tensor}>
    <th scope="row">${caseTitle(check)}<span class="small">${parts.join(', ')}</span></th>
    <td>${inUnit(error, unit)}<span class="small if-narrow">${limit}</span></td>
    <td class="soft if-wide">${limit}</td>
    <td class=${ok ? 'good' : 'bad'}>${ok ? 'ok' : 'FAIL'}</td>
  </tr>`;
}

function kernelTable({ checks, complete }: KernelsState) {
  if (checks.length === 0) return nothing;
  const right = checks.filter(({ ok }) => ok).length;
  return html`<details ?open=${right < checks.length}>
    <summary>${complete ? 'Kernel variants' : 'Kernel variants so far'}: ${right} of ${checks.length} right</summary>
    <div class="scroll" role="region" aria-label="Kernel variants" tabindex="0">
      <table>
        <caption class="visually-hidden">Kernel variants</caption>
        <thead>
          <tr>
            <th scope="col">Kernel</th>
            <th scope="col">Worst error</th>
            <th scope="col" class="if-wide">Tolerance</th>
            <th scope="col">Verdict</th>
          </tr>
        </thead>
        <tbody>
          ${checks.map(kernelRow)}
        </tbody>
      </table>
    </div>
  </details>`;
}

function kernelRow(check: KernelCheck) {
  const { kernel, error, tolerance, compiles, ok } = check;
  return html`<tr>
    <th scope="row"><code>${breakable(kernel)}</code></th>
    <td>${compiles ? errorText(error) : '–'}<span class="small if-narrow">≤ ${errorText(tolerance)}</span></td>
    <td class="soft if-wide">≤ ${errorText(tolerance)}</td>
    <td class=${ok ? 'good' : 'bad'}>${kernelVerdict(check)}</td>
  </tr>`;
}

function kernelVerdict({ compiles, ok, disabled }: KernelCheck): string {
  if (!compiles) return 'does not compile';
  if (!ok) return 'wrong: off';
  return disabled ? 'right, but off since an earlier check' : 'ok';
}

customElements.define('check-results', CheckResults);
