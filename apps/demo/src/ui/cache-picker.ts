import { css, html, LitElement, nothing } from 'lit';
import { budgetsFor, type FolderSchedule } from '../schedules.ts';
import { cardStyles } from './card-styles.ts';
import { controls } from './shared-styles.ts';

const policies = [
  { name: 'none', title: 'None', text: 'Computes every step in full.' },
  { name: 'fora', title: 'FORA', text: 'Computes every third step; the steps between reuse it.' },
  {
    name: 'procache',
    title: 'ProCache',
    text: 'Reuses more early, less late, and refreshes a few tokens on the way.',
  },
  {
    name: 'procache+',
    title: 'ProCache+',
    text: 'Foretells the steps between full ones, and corrects itself at the next.',
  },
] as const;

/** What the steps may reuse: a policy and, where the model folder has schedules for these steps, how many full ones. */
export class CachePicker extends LitElement {
  static override properties = {
    cache: {},
    steps: { type: Number },
    schedules: { attribute: false },
    unavailable: {},
  };
  declare cache: string;
  declare steps: number;
  declare schedules: readonly FolderSchedule[];
  /** Why nothing can be cached here; empty when it can. */
  declare unavailable: string;

  constructor() {
    super();
    this.cache = '';
    this.steps = 0;
    this.schedules = [];
    this.unavailable = '';
  }

  override render() {
    const { unavailable } = this;
    const cache = unavailable ? 'none' : this.cache;
    const policy = policyName(cache);
    const budgets = budgetsFor(this.schedules, policy, this.steps);
    const offered = [...policies.map(({ name }) => name), ...budgets.map((budget) => `${policy}:B${budget}`)];
    return html`
      <fieldset>
        <legend>Cache policy${offered.includes(cache) ? nothing : html`: <code>${cache}</code>`}</legend>
        ${unavailable ? html`<p>${unavailable}</p>` : nothing}
        <div class="policies">
          ${policies.map(
            ({ name, title, text }) => html`
              <label>
                <input
                  type="radio"
                  name="policy"
                  aria-label=${title}
                  aria-describedby=${name}
                  .checked=${name === policy}
                  ?disabled=${unavailable !== '' && name !== 'none'}
                  @change=${() => this.choose(name)}
                />
                <span class="title">${title}</span>
                <span class="text" id=${name}>${text}</span>
              </label>
            `,
          )}
        </div>
      </fieldset>
      ${budgets.length > 0 ? this.budgetRow(policy, budgets) : nothing}
    `;
  }

  private budgetRow(policy: string, budgets: readonly number[]) {
    const choices = [
      { value: policy, text: 'as suggested' },
      ...budgets.map((budget) => ({ value: `${policy}:B${budget}`, text: String(budget) })),
    ];
    return html`
      <fieldset class="budgets">
        <legend>Full steps of ${this.steps}</legend>
        <div class="row">
          ${choices.map(
            ({ value, text }) => html`
              <label>
                <input
                  type="radio"
                  name="budget"
                  .checked=${value === this.cache}
                  @change=${() => this.choose(value)}
                />
                <span>${text}</span>
              </label>
            `,
          )}
        </div>
      </fieldset>
    `;
  }

  private choose(cache: string): void {
    this.dispatchEvent(new CustomEvent<string>('cache-change', { detail: cache }));
  }

  static override styles = [
    controls,
    cardStyles,
    css`
      code {
        overflow-wrap: anywhere;
      }
      :host {
        container-type: inline-size;
      }
      .policies {
        display: grid;
        gap: 0.5rem;
        grid-template-columns: repeat(4, minmax(0, 1fr));
      }
      @container (max-width: 30rem) {
        .policies {
          grid-template-columns: repeat(2, minmax(0, 1fr));
        }
      }
      .policies label {
        padding: 0.5rem 0.75rem 0.6rem;
      }
      label:has(:disabled) {
        border-style: dashed;
      }
      label:has(:disabled:not(:checked)) {
        border-color: var(--line);
        background: none;
      }
      label:has(:disabled),
      :disabled {
        cursor: not-allowed;
      }
      label:has(:disabled) .title {
        color: var(--soft);
      }
      p {
        margin: 0 0 0.5rem;
        font-size: 0.85rem;
      }
      @media (max-width: 560px) {
        .policies {
          grid-template-columns: 1fr;
        }
      }
      .budgets {
        margin-top: 0.75rem;
      }
      .row {
        display: flex;
        flex-wrap: wrap;
        gap: 0.5rem;
      }
      .row label {
        min-width: 2.75rem;
        padding: 0.45rem 0.75rem;
        font-variant-numeric: tabular-nums;
        text-align: center;
      }
    `,
  ];
}

/** `procache` of `procache:B17` and of `procache_s4x6…`. */
function policyName(cache: string): string {
  return cache.split(/[:_]/, 1)[0] ?? '';
}

customElements.define('cache-picker', CachePicker);
