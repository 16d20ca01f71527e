import type { Settings } from './settings.ts';

export type SettingsChange = CustomEvent<Partial<Settings>>;

/** Asks the page to change what makes the picture, and with it the page's address. */
export function requestSettings(from: EventTarget, change: Partial<Settings>): void {
  from.dispatchEvent(new CustomEvent('settings-change', { detail: change, bubbles: true, composed: true }));
}
