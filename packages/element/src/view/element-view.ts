import { html, nothing, type TemplateResult } from 'lit';
import type { Subject } from '../settings.ts';
import { type ElementState, isBusy, isImpossible } from '../state.ts';
import { errorPanel } from './error-panel.ts';
import { progressBar } from './progress-bar.ts';
import { announcement, pictureText, statusText, subjectText } from './texts.ts';

/** What an element shows besides its state. */
export interface Shown {
  /** What it is to paint. */
  readonly subject: Pick<Subject, 'label' | 'prompt'>;
  /** Whether the button is out of use. */
  readonly barred: boolean;
  readonly onClick: () => void;
}

/** All that the element shows. */
export function elementView(state: ElementState, { subject, barred, onClick }: Shown): TemplateResult {
  const failure = state.name === 'error' ? state.failure : null;
  if (failure && isImpossible(state)) {
    return html`<div part="base" class="base"><slot name="fallback">${errorPanel(failure)}</slot></div>`;
  }
  const busy = isBusy(state);
  return html`
    <div part="base" class="base">
      <div part="frame" class=${busy ? 'frame busy' : 'frame'}>
        <canvas part="picture" role="img" aria-label=${pictureText(state, subject)} width="0" height="0"></canvas>
        ${state.name === 'generating' && !state.waiting ? html`<canvas part="preview" class="preview" aria-hidden="true" width="0" height="0"></canvas>` : nothing}
        ${state.painted ? nothing : html`<slot name="placeholder"><span part="placeholder" class="placeholder" aria-hidden="true">${subjectText(subject)}</span></slot>`}
        ${busy ? html`<div class="overlay"><slot name="progress">${progressBar(state)}</slot></div>` : nothing}
      </div>
      <div class="row">
        <slot name="status"><p part="status">${statusText(state)}</p></slot>
        <slot name="controls">
          <button part="button" type="button" ?disabled=${barred} @click=${onClick}>${busy ? 'Stop' : 'Paint'}</button>
        </slot>
      </div>
      ${failure ? html`<slot name="error">${errorPanel(failure)}</slot>` : nothing}
      <p class="visually-hidden" role="status">${announcement(state)}</p>
    </div>
  `;
}
