import { html, type TemplateResult } from 'lit';
import type { StepKind } from 'webdit';
import type { ElementState } from '../state.ts';
import { shareDone, statusText } from './texts.ts';

/** Above this a step is too narrow to be seen. */
const mostCells = 120;

/** The bar of the load or run under way: of a run, a cell per step by its kind. */
export function progressBar(state: ElementState): TemplateResult {
  const hasCells = state.name === 'generating' && state.steps !== null && state.steps <= mostCells;
  return html`
    <div
      part="progress"
      role="progressbar"
      aria-label=${state.name === 'loading' ? 'Loading the model' : 'Painting'}
      aria-valuemin="0"
      aria-valuemax="100"
      aria-valuenow=${Math.floor(100 * shareDone(state))}
      aria-valuetext=${statusText(state)}
    >
      ${hasCells ? cells(state.kinds, state.steps) : html`<div part="bar" class="bar"></div>`}
    </div>
  `;
}

function cells(kinds: readonly StepKind[], steps: number): TemplateResult[] {
  return Array.from(
    { length: steps },
    (_, n) => html`<span part=${`step step-${kinds[n] ?? 'open'}`} class=${kinds[n] ?? 'open'}></span>`,
  );
}
