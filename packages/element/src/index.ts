import { WebDitElement } from './element.ts';
import type { WebDitEventMap } from './events.ts';

export { type Configuration, configure } from './configuration.ts';
export { WebDitElement } from './element.ts';
export type { Picture, StateChange, WebDitEventDetails, WebDitEventMap } from './events.ts';
export type { ElementState, Failure, LoadTotals, Painted, StateName } from './state.ts';

// Two copies of this module on one page, from a bundle and from a script tag, are one element too many.
if (!customElements.get('web-dit')) customElements.define('web-dit', WebDitElement);

declare global {
  interface HTMLElementTagNameMap {
    'web-dit': WebDitElement;
  }
  /** They bubble: elements, documents and windows all hear them. */
  interface GlobalEventHandlersEventMap extends WebDitEventMap {}
}
