import { css, html, LitElement, nothing } from 'lit';
import { adapterText, type RunSummary, seconds } from '../run-summary.ts';
import type { Phase } from '../session.ts';
import { loadProgress } from './load-progress.ts';
import { controls } from './shared-styles.ts';

/** One line and one bar: how far the load or the run is, and afterwards what it took. */
export class RunStatus extends LitElement {
  static override properties = { phase: { attribute: false } };
  declare phase: Phase;

  constructor() {
    super();
    this.phase = { name: 'idle' };
  }

  override render() {
    const { label, text, percent } = this.describe();
    return html`
      <progress
        class=${percent === null ? 'resting' : ''}
        max="100"
        .value=${percent ?? 0}
        aria-label=${label}
        aria-hidden=${percent === null ? 'true' : nothing}
      ></progress>
      <slot></slot>
      <p>${text}</p>
      <p class="visually-hidden" role="status">${this.announcement()}</p>
    `;
  }

  private describe(): { label: string; text: string; percent: number | null } {
    const { phase } = this;
    switch (phase.name) {
      case 'idle':
      case 'working':
        return {
          label: '',
          text: 'Every seed gives another picture; the same seed gives the same one.',
          percent: null,
        };
      case 'loading':
        return { label: 'Loading the model', ...loadProgress(phase.progress) };
      case 'running': {
        const { step, steps } = phase;
        const text = step
          ? `Step ${step.n + 1} of ${steps} · ${step.kind} · ${step.ms.toFixed(0)} ms`
          : 'Setting up the first step…';
        return { label: 'Painting', text, percent: step ? (100 * (step.n + 1)) / steps : 0 };
      }
      case 'done':
      case 'shown':
        return { label: '', text: summary(phase.report), percent: null };
      case 'aborted':
        return { label: '', text: 'Stopped.', percent: null };
      case 'failed':
        return { label: '', text: '', percent: null };
    }
  }

  /** For screen readers: the turns of events only, not every step. */
  private announcement(): string {
    switch (this.phase.name) {
      case 'loading':
        return 'Loading the model.';
      case 'running':
        return 'Painting.';
      case 'done':
        return 'The picture is ready.';
      case 'aborted':
        return 'Stopped.';
      default:
        return '';
    }
  }

  static override styles = [
    controls,
    css`
      progress {
        display: block;
        width: 100%;
        height: 6px;
        border: 0;
        border-radius: 3px;
        background: var(--line);
        overflow: hidden;
        appearance: none;
      }
      progress.resting {
        visibility: hidden;
      }
      progress::-webkit-progress-bar {
        background: var(--line);
      }
      progress::-webkit-progress-value {
        background: var(--accent);
        border-radius: 3px;
      }
      progress::-moz-progress-bar {
        background: var(--accent);
      }
      ::slotted(*) {
        margin-top: 0.75rem;
      }
      p {
        min-height: 1.45em;
        margin: 0.5rem 0 0;
        color: var(--soft);
        font-size: 0.9rem;
        font-variant-numeric: tabular-nums;
        text-align: center;
        text-wrap: balance;
      }
    `,
  ];
}

function summary({ steps, totals, adapter }: RunSummary): string {
  const name = adapterText(adapter);
  if (steps.length === 1) return `1 step in ${seconds(totals.ms)} on ${name}`;
  return `${steps.length} steps in ${seconds(totals.ms)}, ${(totals.ms / steps.length).toFixed(0)} ms each, on ${name}`;
}

customElements.define('run-status', RunStatus);
