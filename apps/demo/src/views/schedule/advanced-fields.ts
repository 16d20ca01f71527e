import { css, html, LitElement, nothing } from 'lit';
import {
  defaultDeepLayerStart,
  defaultProCacheMode,
  type ModelDescription,
  type ProCacheMode,
  proCacheRules,
  type Schedule,
} from 'webdit';
import '../../ui/number-field.ts';
import { controls } from '../../ui/shared-styles.ts';

const modes: readonly { readonly value: ProCacheMode; readonly text: string }[] = [
  { value: 'released', text: 'As the authors’ code does: by attention, more tokens late than early' },
  { value: 'paper', text: 'As the paper says: by the size of the value, always as many' },
];

export type RuleChange = Partial<Pick<Schedule, 'mode' | 'deepLayerStart' | 'tokenRatio'>>;

/** How selective steps choose what they recompute. Fires `rule-change`. */
export class AdvancedFields extends LitElement {
  static override properties = { schedule: { attribute: false }, model: { attribute: false } };
  declare schedule: Schedule;
  declare model: ModelDescription;

  override render() {
    const { schedule, model } = this;
    const { mode = defaultProCacheMode, pattern } = schedule;
    const { depth } = model.config;
    return html`
      <details>
        <summary>Selective steps${pattern.includes('2') ? nothing : ' (the strip has none)'}</summary>
        <fieldset>
          <legend>Tokens are chosen</legend>
          ${modes.map(
            ({ value, text }) => html`<label>
              <input
                type="radio"
                name="mode"
                .checked=${value === mode}
                @change=${() => this.change({ mode: value })}
              />
              <span>${text}</span>
            </label>`,
          )}
        </fieldset>
        <div class="fields">
          <number-field
            label="First layer recomputed, of ${depth}"
            .min=${0}
            .max=${depth}
            .value=${schedule.deepLayerStart ?? defaultDeepLayerStart(depth)}
            @number-change=${({ detail }: CustomEvent<number>) => this.change({ deepLayerStart: detail })}
          ></number-field>
          <number-field
            label="Share of tokens"
            .min=${0}
            .max=${1}
            .step=${0.01}
            .value=${schedule.tokenRatio ?? proCacheRules[mode].tokenRatio}
            @number-change=${({ detail }: CustomEvent<number>) => this.change({ tokenRatio: detail })}
          ></number-field>
        </div>
      </details>
    `;
  }

  private change(detail: RuleChange): void {
    this.dispatchEvent(new CustomEvent<RuleChange>('rule-change', { detail }));
  }

  static override styles = [
    controls,
    css`
      summary {
        width: fit-content;
        padding: 0.3rem 0;
        border-radius: 6px;
        cursor: pointer;
        font: 600 0.95rem var(--round);
      }
      fieldset {
        margin: 0.5rem 0 0.9rem;
        padding: 0;
        border: 0;
      }
      legend {
        padding: 0;
        color: var(--soft);
        font-size: 0.85rem;
      }
      label {
        display: flex;
        gap: 0.6rem;
        align-items: baseline;
        padding: 0.3rem 0;
        font-size: 0.92rem;
      }
      input {
        flex: none;
        accent-color: var(--accent);
      }
      .fields {
        display: grid;
        gap: 0.75rem;
        grid-template-columns: repeat(auto-fit, minmax(9rem, 14rem));
      }
    `,
  ];
}

customElements.define('advanced-fields', AdvancedFields);
