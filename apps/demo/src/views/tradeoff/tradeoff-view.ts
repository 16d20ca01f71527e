import { html, LitElement, nothing } from 'lit';
import '../../ui/failure-panel.ts';
import '../../ui/label-field.ts';
import '../../ui/number-field.ts';
import '../../ui/pill-choice.ts';
import '../../ui/seed-field.ts';
import '../../ui/steps-field.ts';
import './recorded-standings.ts';
import './tradeoff-chart.ts';
import './tradeoff-detail.ts';
import './tradeoff-table.ts';
import recorded from 'virtual:recorded-study';
import { checkArguments, type LabPair, rowId } from 'webdit';
import type { Catalogue } from '../../catalogue.ts';
import { download } from '../../download.ts';
import { measurements } from '../../measurements.ts';
import { type Session, SessionWatch } from '../../session.ts';
import type { Settings } from '../../settings.ts';
import { fieldsetStyles } from '../../ui/choice-styles.ts';
import { actionStyles, panelStyles } from '../../ui/panel-styles.ts';
import { loadingBar } from '../../ui/progress-bar.ts';
import { controls } from '../../ui/shared-styles.ts';
import { candidates, leftOut } from './candidates.ts';
import { toCsv, toJson, toPng } from './export.ts';
import type { FamilyName } from './families.ts';
import { familyMark, markStyles } from './marks.ts';
import { pointsOf, type SpeedAxis } from './points.ts';
import type { TradeoffChart } from './tradeoff-chart.ts';
import { tradeoffStyles } from './tradeoff-styles.ts';

const mostPictures = 8;

const axes = [
  { value: 'latency', text: 'Latency ratio' },
  { value: 'flops', text: 'FLOP ratio' },
];

/** Speed against quality on this device: policies, budgets and fewer steps, measured in turns. */
export class TradeoffView extends LitElement {
  static override properties = {
    session: { attribute: false },
    settings: { attribute: false },
    catalogue: { attribute: false },
    axis: { state: true },
    pictures: { state: true },
    left: { state: true },
    selected: { state: true },
    progress: { state: true },
  };
  declare session: Session;
  declare settings: Settings;
  declare catalogue: Catalogue;
  declare axis: SpeedAxis;
  /** Seeds to measure, from the settings' seed on. */
  declare pictures: number;
  /** Families that are left out. */
  declare left: readonly FamilyName[];
  /** Row on show below the chart. */
  declare selected: string;
  declare progress: { readonly done: number; readonly total: number } | null;

  private stop: (() => void) | null = null;

  constructor() {
    super();
    this.axis = 'latency';
    this.pictures = 1;
    this.left = leftOut;
    this.selected = '';
    this.progress = null;
    new SessionWatch(this, () => this.session);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.stop = measurements.subscribe(() => this.requestUpdate());
    void measurements.load();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.stop?.();
  }

  override render() {
    const { session, settings, catalogue, axis } = this;
    const rows = measurements.summaries(session.model.key, settings);
    const phase = session.phaseOf('tradeoff');
    const fits = recorded.steps === settings.steps && recorded.guidance === settings.guidance;
    return html`
      <section class="panel settings" aria-label="What to measure">
        <label-field .label=${settings.label} .catalogue=${catalogue}></label-field>
        <seed-field .value=${settings.seed}></seed-field>
        <steps-field .least=${2} .value=${settings.steps}></steps-field>
        <number-field
          label="Pictures of each"
          slider
          .min=${1}
          .max=${mostPictures}
          .value=${this.pictures}
          @number-change=${({ detail }: CustomEvent<number>) => {
            this.pictures = detail;
          }}
        ></number-field>
        ${this.families()}
        <div class="act">${this.actions(rows.length > 0)}</div>
      </section>
      <section class="result" aria-label="Trade-off">
        ${phase.name === 'failed' ? html`<failure-panel .failure=${phase.failure}></failure-panel>` : this.status()}
        <pill-choice
          name="What counts as speed"
          .choices=${axes}
          .value=${axis}
          @choose=${({ detail }: CustomEvent<SpeedAxis>) => {
            this.axis = detail;
          }}
        ></pill-choice>
        <tradeoff-chart
          .points=${pointsOf(rows, axis)}
          .recorded=${fits ? pointsOf(recorded.rows, axis) : []}
          .axis=${axis}
          .selected=${this.selected}
          @choose=${({ detail }: CustomEvent<string>) => {
            this.selected = detail;
          }}
        ></tradeoff-chart>
        <p class="note">
          Dashed: what nothing here beats in both.
          ${fits ? 'Faint: not measured here, but recorded; the table below says on what.' : nothing}
        </p>
        ${this.detail(rows)} ${rows.length > 0 ? this.table(rows) : nothing}
      </section>
      <recorded-standings .study=${recorded}></recorded-standings>
    `;
  }

  private families() {
    const { settings, catalogue } = this;
    return html`
      <fieldset>
        <legend>Ways to be faster</legend>
        ${candidates(settings.steps, catalogue).map(
          ({ name, rows }) => html`<label>
            <input type="checkbox" .checked=${!this.left.includes(name)} @change=${() => this.toggle(name)} />
            ${familyMark(name)}<span>${name}</span>
            <small>${rows.map((row) => (typeof row === 'string' ? row.replace(/^.*:/, '') : row.fewerSteps)).join(', ')}</small>
          </label>`,
        )}
      </fieldset>
    `;
  }

  private actions(measured: boolean) {
    const { session } = this;
    if (session.busy && session.owner === 'tradeoff') {
      return html`<button class="primary" type="button" @click=${() => session.abort()}>Pause</button>`;
    }
    return html`
      <button class="primary" type="button" aria-disabled=${session.freeForGpu ? 'false' : 'true'} @click=${this.measure}>
        Measure on this device
      </button>
      ${measured ? html`<button class="secondary" type="button" @click=${this.clear}>Start afresh</button>` : nothing}
    `;
  }

  private status() {
    const phase = this.session.phaseOf('tradeoff');
    if (phase.name === 'loading') return loadingBar(phase);
    if (phase.name === 'working') {
      const { done, total } = this.progress ?? { done: 0, total: 1 };
      return html`<progress max=${total} .value=${done} aria-label="Measuring"></progress>
        <p class="note" role="status">${done === 0 ? 'Warming up' : `${done} of ${total} runs measured`}</p>`;
    }
    if (phase.name === 'aborted') return html`<p class="note" role="status">Paused; what is measured stays.</p>`;
    return measurements.unsaved ? html`<p class="note">${measurements.unsaved}</p>` : nothing;
  }

  private detail(rows: ReturnType<typeof measurements.summaries>) {
    const summary = rows.find(({ row }) => row === this.selected);
    if (!summary) return nothing;
    const { session, settings } = this;
    const pair = this.pairs()[0] as LabPair;
    const picture = (row: string) => measurements.picture(session.model.key, settings, row, pair);
    return html`<tradeoff-detail
      .summary=${summary}
      .uncached=${picture('none')}
      .picture=${picture(summary.row)}
      .settings=${settings}
    ></tradeoff-detail>`;
  }

  private table(rows: ReturnType<typeof measurements.summaries>) {
    const save = (extension: string, content: () => Promise<Blob> | Blob) => async () =>
      download(`webdit-tradeoff-${this.settings.steps}-steps.${extension}`, await content());
    const { session, settings } = this;
    const json = () => toJson(measurements.state(session.model.key, settings), rows);
    const chart = () => (this.renderRoot.querySelector('tradeoff-chart') as TradeoffChart).svg;
    return html`
      <tradeoff-table .rows=${rows}></tradeoff-table>
      <div class="act exports">
        <button class="secondary" type="button" @click=${save('json', () => new Blob([json()], { type: 'application/json' }))}>
          JSON
        </button>
        <button class="secondary" type="button" @click=${save('csv', () => new Blob([toCsv(rows)], { type: 'text/csv' }))}>
          CSV
        </button>
        <button class="secondary" type="button" @click=${save('png', () => toPng(chart()))}>PNG of the chart</button>
      </div>
    `;
  }

  private pairs(): LabPair[] {
    const { seed, label } = this.settings;
    return Array.from({ length: Math.min(mostPictures, Math.max(1, this.pictures)) }, (_, i) => ({
      seed: seed + i,
      label,
    }));
  }

  private toggle(name: FamilyName): void {
    this.left = this.left.includes(name) ? this.left.filter((other) => other !== name) : [...this.left, name];
  }

  private clear(): void {
    this.selected = '';
    void measurements.clear(this.session.model.key, this.settings);
  }

  private async measure(): Promise<void> {
    const { session, settings, catalogue } = this;
    if (!session.freeForGpu) return;
    const { label, seed, steps, guidance } = settings;
    const families = candidates(steps, catalogue).filter(({ name }) => !this.left.includes(name));
    const rows = ['none', ...families.flatMap((family) => family.rows)];
    this.progress = null;
    if (this.selected === '') this.selected = rowId(rows.at(-1) ?? 'none');
    await session.run(
      'tradeoff',
      (pipe, signal) =>
        measurements.measure(pipe, session.model.key, {
          ...{ rows, pairs: this.pairs(), steps, guidance, signal },
          onProgress: (done, total) => {
            this.progress = { done, total };
          },
        }),
      () => checkArguments({ label }, { seed, numInferenceSteps: steps, guidanceScale: guidance }),
    );
  }

  static override styles = [controls, panelStyles, actionStyles, fieldsetStyles, markStyles, tradeoffStyles];
}

customElements.define('tradeoff-view', TradeoffView);
