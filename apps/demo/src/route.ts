import { formatSettings, parseSettings, type Settings } from './settings.ts';

export const viewNames = ['generate', 'compare', 'tradeoff', 'schedule', 'models', 'device'] as const;
export type ViewName = (typeof viewNames)[number];

/** What the page's address says: where the visitor is and what makes the picture. */
export interface Route {
  readonly view: ViewName;
  readonly settings: Settings;
}

/**
 * Reads `#label=pizza&seed=7` (a link that reproduces a picture) and `#/compare?label=pizza&seed=7`. An unknown view is the first
 * one; wrong settings stay wrong, so that the pipeline can name them.
 */
export function parseRoute(hash: string): Route {
  const text = hash.replace(/^#/, '');
  const [, name = '', query = ''] = /^\/([^?]*)\??(.*)$/.exec(text) ?? [];
  const view = viewNames.find((known) => known === name) ?? 'generate';
  return { view, settings: parseSettings(text.startsWith('/') ? query : text) };
}

export function formatRoute({ view, settings }: Route): string {
  const query = formatSettings(settings);
  return view === 'generate' ? `#${query}` : `#/${view}?${query}`;
}
