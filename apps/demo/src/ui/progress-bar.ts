import { html } from 'lit';
import { type LoadPhase, loadProgress } from './load-progress.ts';

/** A bar and a line about it, for components with `panelStyles`. */
export function progressBar(label: string, text: string, percent: number) {
  return html`<progress max="100" .value=${percent} aria-label=${label}></progress>
    <p class="note">${text}</p>`;
}

/** How far the model has been loaded. */
export function loadingBar({ progress }: LoadPhase) {
  const { text, percent } = loadProgress(progress);
  return progressBar('Loading the model', text, percent);
}
