import type { ModelChoice } from './model-choice.ts';

export type ModelChosen = CustomEvent<ModelChoice>;

/** Asks the page to paint with another model from now on. */
export function chooseModel(from: EventTarget, model: ModelChoice): void {
  from.dispatchEvent(new CustomEvent('model-chosen', { detail: model, bubbles: true, composed: true }));
}
