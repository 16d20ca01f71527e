import { html, LitElement, nothing, type PropertyValues } from 'lit';
import { keyed } from 'lit/directives/keyed.js';
import { defaultProCacheMode, describeModel, injectSelective, type ModelDescription, removeSelective } from 'webdit';
import '../../ui/failure-panel.ts';
import '../../ui/number-field.ts';
import './advanced-fields.ts';
import './cost-panel.ts';
import './pattern-editor.ts';
import './saved-panel.ts';
import './search-panel.ts';
import './start-panel.ts';
import './try-panel.ts';
import { formatRoute } from '../../route.ts';
import { describe, type Failure, type Phase, type Session, SessionWatch } from '../../session.ts';
import { defaults, type Settings } from '../../settings.ts';
import { requestSettings } from '../../settings-change.ts';
import { actionStyles, panelStyles } from '../../ui/panel-styles.ts';
import { controls } from '../../ui/shared-styles.ts';
import {
  type Check,
  checkDraft,
  type Draft,
  draftOf,
  draftOfCache,
  withPattern,
  withSettings,
  withStep,
  withSteps,
} from './draft.ts';
import { unfinished } from './library.ts';
import type { StepEdit } from './pattern-editor.ts';
import { scheduleStyles } from './schedule-styles.ts';
import { StepTimes } from './step-times.ts';

/** A draft held against a model, and what came of it. */
interface Checked {
  readonly model: ModelDescription;
  readonly draft: Draft;
  readonly guidance: number;
  readonly check: Check | null;
  readonly failure: Failure | null;
}

/** Edits that can be taken back. */
const mostUndo = 200;

/** The pattern of full, selective and reused steps, to edit, check, try, search, keep and use. */
export class ScheduleView extends LitElement {
  static override properties = {
    session: { attribute: false },
    settings: { attribute: false },
    model: { state: true },
    draft: { state: true },
    failure: { state: true },
    refusal: { state: true },
    wantedSteps: { state: true },
    activity: { state: true },
    notice: { state: true },
  };
  declare session: Session;
  declare settings: Settings;
  declare model: ModelDescription | null;
  declare draft: Draft | null;
  /** Why there is no strip. */
  declare failure: Failure | null;
  /** Why the last edit was refused. */
  declare refusal: Failure | null;
  /** In the field, which may hold what is no number of steps. */
  declare wantedSteps: number;
  /** The panel whose work the session's phase tells of. */
  declare activity: 'try' | 'search' | null;
  declare notice: string;

  /** The page's steps and cache that the strip follows. */
  private followed = '';
  /** The session's model whose description the strip has, or waits for. */
  private described: Session['model'] | null = null;
  private readonly earlier: Draft[] = [];
  private checked: Checked | null = null;
  private times = new StepTimes();

  constructor() {
    super();
    this.model = null;
    this.draft = null;
    this.failure = null;
    this.refusal = null;
    this.wantedSteps = 0;
    this.activity = null;
    this.notice = '';
    new SessionWatch(this, () => this.session);
  }

  override willUpdate(changed: PropertyValues<this>): void {
    const { phase, model } = this.session;
    if (phase.name === 'done') this.times.note(phase.report);
    if (model !== this.described) void this.readModel(model);
    if (changed.has('settings') || changed.has('model')) this.follow();
  }

  override updated(changed: PropertyValues<this>): void {
    const { draft, followed } = this;
    if (!draft || !changed.has('draft')) return;
    const { schedule, limits } = draft;
    void unfinished.set(this.session.model.key, { followed, draft: { schedule, limits } });
  }

  override render() {
    const { model, draft, failure } = this;
    if (!model || !draft) {
      return failure
        ? html`<failure-panel .failure=${failure}></failure-panel>`
        : html`<p class="note">Reading what the model says of itself…</p>`;
    }
    const { check, failure: fault } = this.check(model, draft);
    return html`
      ${this.strip(model, draft, check, fault)}
      <start-panel
        class="panel"
        .model=${model}
        .run=${this.settings}
        .steps=${draft.schedule.steps}
        @start=${({ detail }: CustomEvent<Draft>) => this.put(detail)}
      ></start-panel>
      ${keyed(model, this.panels(model, draft, check))}
    `;
  }

  /** Made anew for another model. */
  private panels(model: ModelDescription, draft: Draft, check: Check | null) {
    return html`
      <div class="columns">
        <div class="column">
          <cost-panel
            class="panel"
            .draft=${draft}
            .check=${check}
            @limits-change=${({ detail }: CustomEvent<Partial<Draft['limits']>>) => {
              this.draft = { ...draft, limits: { ...draft.limits, ...detail } };
            }}
          ></cost-panel>
          <search-panel
            class="panel"
            .session=${this.session}
            .phase=${this.phaseOf('search')}
            .limits=${draft.limits}
            .steps=${draft.schedule.steps}
            .mode=${draft.schedule.mode ?? defaultProCacheMode}
            .guidance=${this.settings.guidance}
            .times=${this.times}
            @begin=${() => this.begin('search')}
            @run-report=${this.note}
            @found=${({ detail }: CustomEvent<Draft['schedule']>) => this.put(draftOf(detail))}
          ></search-panel>
        </div>
        <div class="column">
          <try-panel
            class="panel"
            .session=${this.session}
            .phase=${this.phaseOf('try')}
            .settings=${this.settingsWith(draft, check)}
            .active=${check !== null}
            @begin=${() => this.begin('try')}
            @run-report=${this.note}
          ></try-panel>
          <saved-panel
            class="panel"
            .schedule=${draft.schedule}
            .link=${check ? this.link(draft, check) : ''}
            .take=${(schedule: Draft['schedule']) => this.take(model, schedule)}
          ></saved-panel>
        </div>
      </div>
    `;
  }

  private strip(model: ModelDescription, draft: Draft, check: Check | null, fault: Failure | null) {
    const { schedule } = draft;
    const { pattern } = schedule;
    return html`
      <section class="panel strip" aria-label="Schedule">
        <div class="head">
          <number-field
            label="Steps"
            slider
            .min=${10}
            .max=${100}
            .value=${this.wantedSteps}
            @number-change=${({ detail }: CustomEvent<number>) => this.resize(detail)}
          ></number-field>
          <div class="act tools">
            <button class="secondary" type="button" aria-disabled=${String(this.earlier.length === 0)} @click=${this.undo}>
              Undo
            </button>
            <button class="secondary" type="button" @click=${() => this.repattern(injectSelective(pattern))}>
              Selective every 2nd
            </button>
            <button class="secondary" type="button" @click=${() => this.repattern(removeSelective(pattern))}>
              None selective
            </button>
          </div>
        </div>
        <pattern-editor
          .pattern=${pattern}
          .idle=${check?.idle ?? []}
          .marked=${[...new Set(check?.broken.flatMap(({ steps }) => steps))]}
          @step-edit=${this.editStep}
        ></pattern-editor>
        ${this.refusal ? html`<failure-panel .failure=${this.refusal}></failure-panel>` : nothing}
        ${fault ? html`<failure-panel .failure=${fault}></failure-panel>` : nothing}
        <advanced-fields
          .schedule=${schedule}
          .model=${model}
          @rule-change=${({ detail }: CustomEvent<Parameters<typeof withSettings>[1]>) =>
            this.put(withSettings(draft, detail))}
        ></advanced-fields>
        <div class="use">
          <p>
            ${check ? html`<code>${check.plan.policy}</code>` : nothing}
            <span role="status">${this.notice}</span>
          </p>
          <button
            class="primary"
            type="button"
            aria-disabled=${check && !this.inUse(draft, check) ? 'false' : 'true'}
            @click=${() => check && this.use(draft, check)}
          >
            ${check && this.inUse(draft, check) ? 'In use' : 'Use it'}
          </button>
        </div>
      </section>
    `;
  }

  private async readModel(choice: Session['model']): Promise<void> {
    this.described = choice;
    this.failure = null;
    try {
      const model = await describeModel(choice.source);
      const left = (await unfinished.all()).get(choice.key);
      // Another one may have been chosen meanwhile.
      if (choice !== this.described) return;
      this.draft = null;
      this.earlier.length = 0;
      this.followed = '';
      this.times = new StepTimes();
      // What a link asks for goes before what was left on the strip.
      if (left?.followed === this.setting) {
        this.followed = left.followed;
        this.put(left.draft);
      }
      this.model = model;
    } catch (error) {
      if (choice === this.described) this.failure = describe(error);
    }
  }

  /** Puts the page's own setting on the strip whenever it changes, by a link or in another view. */
  private follow(): void {
    const { model, settings, setting } = this;
    if (!model || setting === this.followed) return;
    this.followed = setting;
    try {
      this.put(draftOfCache(model, settings));
    } catch (error) {
      // A link may ask for what does not exist; the strip begins with what the page suggests then.
      if (!this.draft) this.put(draftOfCache(model, { ...settings, steps: defaults.steps, cache: defaults.cache }));
      this.refusal = describe(error);
    }
  }

  /** What makes the strip, of all that the page's address says. */
  private get setting(): string {
    const { steps, cache } = this.settings;
    return JSON.stringify([steps, cache]);
  }

  /** What the model makes of the draft, or why it cannot run it. */
  private check(model: ModelDescription, draft: Draft): Checked {
    const { guidance } = this.settings;
    const last = this.checked;
    // The same answer as long as the question is: a failure is told once.
    if (last?.model === model && last.draft === draft && Object.is(last.guidance, guidance)) return last;
    const question = { model, draft, guidance };
    try {
      this.checked = { ...question, check: checkDraft(model, draft, guidance), failure: null };
    } catch (error) {
      this.checked = { ...question, check: null, failure: describe(error) };
    }
    return this.checked;
  }

  /** Replaces what is on the strip. */
  private put(draft: Draft, undoable = true): void {
    if (undoable && this.draft) {
      this.earlier.push(this.draft);
      if (this.earlier.length > mostUndo) this.earlier.shift();
    }
    this.draft = draft;
    this.wantedSteps = draft.schedule.steps;
    this.refusal = null;
    this.notice = '';
  }

  /** An edit that the library may refuse; the strip then stays as it is. */
  private attempt(edit: (draft: Draft) => Draft, undoable = true): void {
    const { draft } = this;
    if (!draft) return;
    try {
      this.put(edit(draft), undoable);
    } catch (error) {
      this.refusal = describe(error);
    }
  }

  private readonly editStep = ({ detail: { n, digit, first } }: CustomEvent<StepEdit>) => {
    this.attempt((draft) => withStep(draft, n, digit), first);
  };

  private repattern(pattern: string): void {
    this.attempt((draft) => (pattern === draft.schedule.pattern ? draft : withPattern(draft, pattern)));
  }

  private resize(steps: number): void {
    this.attempt((draft) => withSteps(draft, steps));
    this.wantedSteps = steps;
  }

  private undo(): void {
    const before = this.earlier.pop();
    if (before) this.put(before, false);
  }

  /** @throws WebDiTError when the model cannot run it. */
  private take(model: ModelDescription, schedule: Draft['schedule']): void {
    const draft = draftOf(schedule);
    checkDraft(model, draft, this.settings.guidance);
    this.put(draft);
  }

  private settingsWith({ schedule }: Draft, check: Check | null): Settings {
    return { ...this.settings, steps: schedule.steps, cache: check?.plan.policy ?? this.settings.cache };
  }

  private link(draft: Draft, check: Check): string {
    return new URL(formatRoute({ view: 'schedule', settings: this.settingsWith(draft, check) }), location.href).href;
  }

  private inUse({ schedule }: Draft, { plan }: Check): boolean {
    return this.settings.steps === schedule.steps && this.settings.cache === plan.policy;
  }

  private use(draft: Draft, check: Check): void {
    const { steps, cache } = this.settingsWith(draft, check);
    // The strip is that already; it need not be read back.
    this.followed = JSON.stringify([steps, cache]);
    requestSettings(this, { steps, cache });
    this.notice = 'Generate and Compare use it now.';
  }

  private phaseOf(activity: 'try' | 'search'): Phase {
    return this.activity === activity ? this.session.phaseOf('schedule') : { name: 'idle' };
  }

  private begin(activity: 'try' | 'search'): void {
    this.activity = activity;
  }

  private readonly note = ({ detail }: CustomEvent<Parameters<StepTimes['note']>[0]>) => {
    this.times.note(detail);
  };

  static override styles = [controls, panelStyles, actionStyles, scheduleStyles];
}

customElements.define('schedule-view', ScheduleView);
