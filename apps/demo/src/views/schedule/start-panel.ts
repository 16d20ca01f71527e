import { css, html, LitElement } from 'lit';
import { countSteps, derivePattern, type ModelDescription, parseSchedule, type Schedule } from 'webdit';
import './schedule-card.ts';
import { panelStyles } from '../../ui/panel-styles.ts';
import { controls } from '../../ui/shared-styles.ts';
import { type Draft, draftOf, draftOfCache, type Run } from './draft.ts';

interface Start {
  readonly name: string;
  readonly remark: string;
  readonly draft: Draft;
}

/** Full steps of the shapes on offer, as a share of all. */
const shares = [0.5, 0.34, 0.26, 0.2];
const intervals = [2, 3, 4, 5];

/** Schedules to begin with: the page's own setting, those of the model folder, shapes, FORA's. Fires `start` with a draft. */
export class StartPanel extends LitElement {
  static override properties = { model: { attribute: false }, run: { attribute: false }, steps: { type: Number } };
  declare model: ModelDescription;
  /** The settings of the page. */
  declare run: Run;
  /** Of the strip. */
  declare steps: number;

  override render() {
    return html`
      <h2>Start from</h2>
      <div class="cards">
        ${this.starts().map(
          ({ name, remark, draft }) => html`<schedule-card
            .pattern=${draft.schedule.pattern}
            .name=${name}
            .remark=${remark}
            @click=${() => this.dispatchEvent(new CustomEvent<Draft>('start', { detail: draft }))}
          ></schedule-card>`,
        )}
      </div>
    `;
  }

  private starts(): Start[] {
    const { model, run, steps } = this;
    return [
      ...attempt(() => ({
        name: 'In use',
        remark: `${run.cache}, ${run.steps} steps`,
        draft: draftOfCache(model, run),
      })),
      ...model.schedules
        .filter(({ sampler }) => sampler === model.samplerName)
        .map((schedule) => ({ name: 'The model’s own', remark: describe(schedule), draft: draftOf(schedule) })),
      ...shares.flatMap((share) =>
        attempt(() => {
          const pattern = derivePattern(steps, Math.max(1, Math.round(share * steps)));
          return shape('Released shape', { ...head(model), steps, pattern });
        }),
      ),
      ...intervals.flatMap((interval) =>
        attempt(() => {
          const draft = draftOfCache(model, { ...run, steps, cache: `fora:${interval}` });
          return { name: `FORA, every ${interval}`, remark: describe(draft.schedule), draft };
        }),
      ),
      ...attempt(() => shape('No cache', { ...head(model), steps, pattern: '1'.repeat(steps) })),
    ];
  }

  static override styles = [
    controls,
    panelStyles,
    css`
      .cards {
        display: grid;
        gap: 0.6rem;
        grid-auto-flow: column;
        grid-auto-columns: 9rem;
        margin: -4px -1rem -0.5rem;
        padding: 4px 1rem 0.5rem;
        overflow-x: auto;
        scroll-padding: 1rem;
      }
    `,
  ];
}

function head(model: ModelDescription) {
  return { format: 'webdit-schedule/1', policy: 'procache', sampler: model.samplerName };
}

function shape(name: string, json: object): Start {
  const schedule = parseSchedule(json, name);
  return { name, remark: describe(schedule), draft: draftOf(schedule) };
}

export function describe({ steps, pattern }: Schedule): string {
  return `${countSteps(pattern).full} full of ${steps}`;
}

/** What cannot be made, for a number of steps that is being typed, is not on offer. */
function attempt(make: () => Start): Start[] {
  try {
    return [make()];
  } catch {
    return [];
  }
}

customElements.define('start-panel', StartPanel);
